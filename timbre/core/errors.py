"""The one error that is the user's to mend: its message is all that they will see."""


class InputError(ValueError):
    """Input that cannot be used.

    The message is one sentence: what was expected, what came, what to do. Commands print it and end
    with exit code 2; anything else that is raised is a fault of ours and keeps its traceback.
    """
