"""The error of input that cannot be used: its message is all that users see."""


class InputError(ValueError):
    """Input that cannot be used.

    The message is one sentence: what was expected, what came, what to do. Commands print it and end
    with exit code 2; anything else that is raised is a fault of ours and keeps its traceback.
    """
