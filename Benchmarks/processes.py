"""Engines as processes that stay, so that a question is asked warm."""
import json
import os
import pathlib
import subprocess

from engines import text_for

HERE = pathlib.Path(__file__).parent


class Peer:
    def __init__(self, engine, python, data, peers, threads, writable=False):
        self.engine = engine
        command = [python, str(HERE / "engines.py"), engine, str(data), str(peers), str(threads)] + (["--writable"] if writable else [])
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{engine} did not start")
        started = json.loads(line)
        self.version, self.ready = started["version"], started["ready"]

    def request(self, **request):
        if self.process.poll() is not None:
            return dict(error="gone")
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        return json.loads(line) if line else dict(error="gone")

    def seconds(self, query):
        """Seconds, or the reason why there are none."""
        text = text_for(self.engine, query)
        if text is None:
            return "-"
        answer = self.request(ask=text)
        return answer.get("seconds", answer.get("error"))

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Crmq:
    """The program itself, statements on standard input; its own timing lines tell when each is done, its last row written."""

    def __init__(self, program, store, threads, memory=None):
        self.command = [str(program), str(store), "--timing", "json", "--progress", "never", "--format", "csv", "--threads", str(threads)]
        if memory:
            self.command += ["--memory", memory]
        self.version = subprocess.run([str(program), "--version"], capture_output=True, text=True).stdout.strip().removeprefix("crmq ")
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def seconds(self, query):
        self.process.stdin.write(query["crmq"] + ";\n")
        self.process.stdin.flush()
        noise = []
        for line in self.process.stderr:
            if line.startswith('{"statement"'):
                return float(json.loads(line)["seconds"])
            noise.append(line.strip())
        # An error ended the script; the next question finds a fresh one.
        self.start()
        return " ".join(noise)[:200]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def crmq_answer(program, store, threads, query):
    answer = subprocess.run(
        [str(program), str(store), "--read-only", "--format", "csv", "--progress", "never", "--threads", str(threads), "-c", query["crmq"]], capture_output=True, text=True)
    return answer.stdout if answer.returncode == 0 else None, answer.stderr


def free_file_cache():
    """Empties the machine's cache of files where that is allowed; says whether it was."""
    try:
        os.sync()
        pathlib.Path("/proc/sys/vm/drop_caches").write_text("1")
        return True
    except OSError:
        return False
