"""The program's commands, run as a person or a script would run them."""
import json
import os
import subprocess

from service import PROGRAM, scratch


def clean_environment(**changes):
    """This environment without what would change a command."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith("STRIKEBOOK_") or name == "STRIKEBOOK_MIGRATIONS"}
    return kept | changes


def run(*arguments, code=0, given=None, **environment):
    """Runs a command that must end with `code`; its standard output and standard error as text."""
    done = subprocess.run(
        [PROGRAM, *map(str, arguments)], input=given, stdin=None if given is not None else subprocess.DEVNULL,
        capture_output=True, text=True, timeout=120, env=clean_environment(**environment))
    assert done.returncode == code, f"{arguments} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return Output(done.stdout, done.stderr)


class Output:
    """What a command said."""

    def __init__(self, text, errors):
        self.text, self.errors = text, errors

    @property
    def json(self):
        return json.loads(self.text)

    @property
    def lines(self):
        """Each line as JSON."""
        return [json.loads(line) for line in self.text.splitlines()]


def key_file(maker, mode=0o600):
    """The maker's key in a file."""
    path = scratch(f"{maker.address}.key")
    path.write_text("0x" + bytes(maker.account.key).hex() + "\n")
    path.chmod(mode)
    return path


def lines_file(name, values):
    """A file of JSON lines."""
    path = scratch(name)
    path.write_text("".join(json.dumps(value) + "\n" for value in values))
    return path
