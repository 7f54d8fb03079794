"""Uploads that do not come to their end: Gradio keeps what has come of them, here it is deleted."""

from pathlib import Path

from gradio import route_utils
from python_multipart.exceptions import MultipartParseError
from starlette.datastructures import FormData
from starlette.formparsers import MultiPartException


class TidyParser(route_utils.GradioMultiPartParser):  # type: ignore[misc]  # mypy skips Gradio
    """Gradio's parser of uploads, which leaves no file of an upload that is broken off."""

    async def parse(self) -> FormData:
        """The uploads.

        Raises:
            MultiPartException: with a sentence for the page, if they cannot be kept.
        """
        try:
            form: FormData = await super().parse()
        except (MultiPartException, MultipartParseError):  # of which Gradio clears up itself
            raise
        except OSError as error:
            self._delete()
            raise MultiPartException(
                f"Expected room for the upload, the server has a fault: {error.strerror}; please "
                "tell who runs it."
            ) from error
        except BaseException:  # the connection is closed, or the server ends
            self._delete()
            raise
        return form

    def _delete(self) -> None:
        for file in self._files_to_close_on_error:
            file.close()
            Path(file.name).unlink(missing_ok=True)


def install() -> None:
    """Let Gradio take uploads so."""
    route_utils.GradioMultiPartParser = TidyParser
