#!/usr/bin/env python3
"""The README's tour, its commands run as written: they succeed and say what it shows.

STRIKEBOOK is the path of the program.
"""
import re
import subprocess
import unittest
from pathlib import Path

from program import clean_environment, run
from service import PROGRAM, Service, scratch

README = Path(__file__).parents[2] / "README.md"


def tour():
    """The commands of the section "Five minutes", each with the lines that it is shown to print."""
    section = README.read_text().split("\n## Five minutes\n")[1].split("\n## ")[0]
    steps = []
    for block in re.findall(r"^```\n(.*?)^```", section, re.M | re.S):
        for line in block.splitlines():
            if line.startswith("$ "):
                steps.append([line[2:], []])
            elif steps[-1][0].endswith("\\"):
                steps[-1][0] = steps[-1][0][:-1] + line.strip()
            else:
                steps[-1][1].append(line)
    return steps


def keys(text):
    return re.findall(r'"(\w+)":', text)


class Tour(unittest.TestCase):
    def test_each_command_says_what_is_shown(self):
        service = Service()
        url = f"http://127.0.0.1:{service.port}"
        run("demo", "--url", url)
        place = scratch("tour")
        place.mkdir()
        environment = clean_environment(STRIKEBOOK_URL=url, STRIKEBOOK_DATA_DIR=str(service.data))
        renamed, ran = {}, 0
        for command, shown in tour():
            if command.startswith("alias "):
                continue
            for old, new in renamed.items():
                command = command.replace(old, new)
            script = f'strikebook() {{ "{PROGRAM}" "$@"; }}\nset -e -o pipefail\n' + command.replace(
                "http://127.0.0.1:8080", url)
            with self.subTest(command):
                done = subprocess.run(["bash", "-c", script], cwd=place, env=environment, stdin=subprocess.DEVNULL,
                                      capture_output=True, text=True, timeout=60)
                self.assertEqual(done.returncode, 0, done.stderr)
                if shown:
                    self.compare("\n".join(shown), done.stdout)
            renamed |= dict(zip(re.findall(r"0x[0-9a-f]{64}", "\n".join(shown)),
                                re.findall(r"0x[0-9a-f]{64}", done.stdout)))
            ran += 1
        self.assertGreater(ran, 9)

    def compare(self, shown, printed):
        if shown.startswith("{"):
            wanted, rest = keys(shown.replace("\n", "")), iter(keys(printed))
            self.assertEqual([key for key in wanted if key not in rest], [], printed)
            return
        first = [line.split()[0] for line in printed.splitlines() if line.split()]
        for line in shown.splitlines():
            if word := re.match(r"[A-Za-z/]+:?(?=\s)", line.strip()):
                self.assertIn(word[0], first, printed)


if __name__ == "__main__":
    unittest.main()
