"""Code that memprof did not write fails in one line that says whose fault it was."""

from __future__ import annotations

import sys

import pytest

from memprof.errors import DeviceError, ModelError
from memprof.models.foreign import foreign_code


def test_an_exception_becomes_a_model_error_with_its_type_message_place_and_cause():
    with pytest.raises(ModelError) as error, foreign_code("building net.py:build failed"):
        raise ValueError("bad\n  width")  # one line, however many the message had

    text = str(error.value)
    assert text.startswith("building net.py:build failed: ValueError: bad width (line ")
    assert "test_foreign_code.py" in text
    assert isinstance(error.value.__cause__, ValueError)


def test_what_failed_may_be_found_out_when_it_fails():
    running = ["stem"]

    def forward() -> None:
        with foreign_code(lambda: f"module {running[-1]} fails"):
            running.append("stage")
            raise RuntimeError("no")

    with pytest.raises(ModelError, match="module stage fails: RuntimeError: no"):
        forward()


def test_the_remedy_can_be_another():
    with pytest.raises(ModelError) as error, foreign_code("it fails", "use memprof measure"):
        raise RuntimeError

    assert error.value.remedy == "use memprof measure"
    assert "it fails: RuntimeError (line" in error.value.what


def test_a_screen_of_message_is_cut():
    with pytest.raises(ModelError) as error, foreign_code("it fails"):
        raise RuntimeError("x" * 5000)

    assert len(str(error.value)) < 600


def test_exit_is_an_error_too():
    with pytest.raises(ModelError, match="it fails: SystemExit: 3"), foreign_code("it fails"):
        sys.exit(3)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), DeviceError("no such device")])
def test_ctrl_c_and_memprofs_own_errors_pass(error):
    with pytest.raises(type(error)) as raised, foreign_code("it fails"):
        raise error

    assert raised.value is error


def test_what_it_prints_goes_to_standard_error(capsys):
    with foreign_code("it fails"):
        print("hello from a model")

    assert capsys.readouterr() == ("", "hello from a model\n")
    print("back")
    assert capsys.readouterr().out == "back\n"
