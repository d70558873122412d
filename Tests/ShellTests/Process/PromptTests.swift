import Foundation
import Testing

/// Plays a session at a real terminal of its own, made by Python's pty module: each step types something and waits until the prompt, or
/// another text, has come back.
enum PromptPlayer {
    static let isAvailable: Bool = {
        let outcome = try? Crmq.shell("python3 -c 'import pty, select, fcntl, termios'")
        let available = outcome?.code == 0
        if !available { print("prompt tests are skipped: no python3 with a pty module") }
        return available
    }()

    /// Steps: what is typed, and what must appear after it. The transcript is what the terminal showed, without its control sequences.
    static func play(
        _ steps: [(type: String, awaits: String)], arguments: [String] = [], folder: Scratch, environment: [String: String] = [:]
    ) throws -> (code: Int32, transcript: String, raw: String) {
        let program = """
            import pty, os, sys, json, select, time, fcntl, termios, struct, re
            job = json.load(open(sys.argv[1]))
            pid, fd = pty.fork()
            if pid == 0:
                os.chdir(job["folder"])
                os.environ.update(job["environment"])
                os.execv(job["program"], [job["program"]] + job["arguments"])
            fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
            seen = b""
            def clean(data):
                text = data.decode("utf-8", "replace")
                return re.sub(r"\\x1b\\[[0-9;?]*[a-zA-Z]", "", text).replace("\\r", "")
            def wait(what, start):
                global seen
                end = time.time() + 8
                while what not in clean(seen[start:]):
                    if time.time() > end: break
                    ready, _, _ = select.select([fd], [], [], 0.1)
                    if not ready: continue
                    try: data = os.read(fd, 65536)
                    except OSError: break
                    if not data: break
                    seen += data
            def settle():
                global seen
                end = time.time() + 1.5
                while not clean(seen[-200:]).endswith("> ") and time.time() < end:
                    ready, _, _ = select.select([fd], [], [], 0.05)
                    if not ready: continue
                    try: data = os.read(fd, 65536)
                    except OSError: break
                    if not data: break
                    seen += data
            wait("> ", 0)
            for typed, awaited in job["steps"]:
                start = len(seen)
                os.write(fd, typed.encode())
                wait(awaited, start)
                # Keys that come before the prompt is there are the terminal's, not readline's.
                if typed.endswith("\\r") and "left" not in awaited: settle()
            code = None
            end = time.time() + 10
            while time.time() < end:
                try:
                    ready, _, _ = select.select([fd], [], [], 0.05)
                    if ready: seen += os.read(fd, 65536)
                except OSError: pass
                done, status = os.waitpid(pid, os.WNOHANG)
                if done: code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -1; break
            if code is None: os.kill(pid, 9); code = -9
            json.dump({"code": code, "transcript": clean(seen), "raw": seen.decode("utf-8", "replace")}, open(sys.argv[2], "w"))
            """
        let player = try folder.write(program, to: "play.py")
        let job: [String: Any] = [
            "program": Crmq.path ?? "", "arguments": arguments, "folder": folder.url.path,
            "environment": ["HOME": folder.url.path, "NO_COLOR": "", "TERM": "xterm", "LC_ALL": "C.UTF-8"].merging(environment) { $1 },
            "steps": steps.map { [$0.type, $0.awaits] },
        ]
        try JSONSerialization.data(withJSONObject: job).write(to: folder.url.appendingPathComponent("job.json"))
        let outcome = try Crmq.shell("python3 '\(player)' job.json result.json", folder: folder.url)
        #expect(outcome.code == 0, "\(outcome.err)")
        let result =
            try JSONSerialization.jsonObject(with: Data(contentsOf: folder.url.appendingPathComponent("result.json"))) as? [String: Any]
        return (Int32(result?["code"] as? Int ?? -99), result?["transcript"] as? String ?? "", result?["raw"] as? String ?? "")
    }
}

@Suite("the prompt", .enabled(if: PromptPlayer.isAvailable, "needs python3 and its pty module"))
struct PromptTests {
    private func scratch() throws -> Scratch {
        let scratch = try Scratch()
        try scratch.write("id,city\n1,杭州\n2,Xi'an\n", to: "t.csv")
        return scratch
    }

    @Test("an aligned table, refined by a line that starts with a bar; Ctrl-D leaves")
    func refine() throws {
        let (code, text, _) = try PromptPlayer.play(
            [("from \"t.csv\" | sort id\r", "2 rows"), ("| where id = 2\r", "1 row,"), ("\u{4}", "")], folder: scratch())
        #expect(code == 0)
        #expect(text.contains("id  city\n──  ─────\n 1  杭州\n 2  Xi'an\n2 rows, as of "), "\(text)")
        #expect(text.contains(" 2  Xi'an\n1 row, as of "), "\(text)")
    }

    @Test("a statement goes on while a bracket is open, and the prompt shows it")
    func continuation() throws {
        let (code, text, _) = try PromptPlayer.play(
            [("from \"t.csv\" | where (id = 1\r", "..> "), ("or id = 2)\r", "2 rows"), (".quit\r", "")], folder: scratch())
        #expect(code == 0)
        #expect(text.contains("2 rows"), "\(text)")
    }

    @Test("an error does not leave the prompt")
    func errors() throws {
        let (code, text, _) = try PromptPlayer.play(
            [
                ("frm x\r", "> "), (".tabels\r", "did you mean `.tables`?"), ("from \"t.csv\" | take 1 | select id\r", "1 row"),
                ("exit\r", ""),
            ],
            folder: scratch())
        #expect(code == 0)
        #expect(text.contains("1 row"), "\(text)")
    }

    @Test("Ctrl-C clears the line, and abandons a statement that is half typed")
    func interrupt() throws {
        let (code, text, _) = try PromptPlayer.play(
            [
                ("from nothing at all", "all"), ("\u{3}", "crmq> "), ("from (\r", "..> "), ("\u{3}", "crmq> "),
                ("from \"t.csv\" | where id = 1\r", "1 row"), ("quit\r", ""),
            ], folder: scratch())
        #expect(code == 0)
        #expect(text.contains("1 row"), "\(text)")
        #expect(!text.contains("nothing at all`"))
    }

    #if DEBUG
        // Only a debug build is slow enough to be caught at work for certain.
        @Test("Ctrl-C cancels the running statement and keeps the prompt")
        func cancel() throws {
            let scratch = try scratch()
            _ = try Crmq.shell("seq 1 3000000 > n.csv", folder: scratch.url)
            let (code, text, _) = try PromptPlayer.play(
                [
                    ("from \"n.csv\"\r", " left"), ("\u{3}", "interrupted"), ("from \"t.csv\" | where id = 1\r", "1 row,"), ("quit\r", ""),
                ], folder: scratch)
            #expect(code == 0)
            #expect(text.contains("interrupted\n"), "\(text)")
            #expect(text.contains("1 row,"), "\(text)")
        }
    #endif

    @Test("modes, timer, reading a file")
    func commands() throws {
        let scratch = try scratch()
        try scratch.write("from \"t.csv\" | where id = 1 | select id\n", to: "q.crmq")
        let (code, text, _) = try PromptPlayer.play(
            [
                (".mode jsonl\r", "> "), (".read q.crmq\r", "{\"id\":1}"), (".timer on\r", "> "), (".read q.crmq\r", " s\n"),
                (".mode html\r", "not built yet"),
                (".help\r", ".quit"), ("\u{4}", ""),
            ], folder: scratch)
        #expect(code == 0)
        #expect(text.contains("{\"id\":1}\n"), "\(text)")
    }

    @Test("history is kept across sessions, private, a statement of several lines as one entry")
    func history() throws {
        let scratch = try scratch()
        _ = try PromptPlayer.play([("from \"t.csv\" |\r", "..> "), ("  where id = 2\r", "1 row"), ("\u{4}", "")], folder: scratch)
        let file = scratch.path(".crmq_history")
        #expect(try scratch.read(".crmq_history") == "from \"t.csv\" |\\n  where id = 2\n")
        let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let (_, text, _) = try PromptPlayer.play([("\u{1B}[A\r", "1 row"), ("\u{4}", "")], folder: scratch)
        #expect(text.contains("1 row,"), "\(text)")
    }

    @Test("data cannot write escapes to the terminal in any format")
    func door() throws {
        let scratch = try Scratch()
        try scratch.write("t\nx\u{1b}]0 title\u{7}y\u{202e}z\n", to: "t.csv")
        for format in ["table", "csv", "json", "markdown", "vertical"] {
            let (_, text, raw) = try PromptPlayer.play(
                [("from \"t.csv\"\r", "z"), ("\u{4}", "")], arguments: ["--format", format], folder: scratch)
            #expect(text.contains("z"), "\(format): \(text)")
            #expect(!raw.contains("\u{1b}]") && !raw.contains("\u{7}") && !raw.contains("\u{202e}"), "\(format): \(raw)")
        }
    }

    @Test("bold on a terminal, and not where NO_COLOR is set")
    func noColour() throws {
        let steps = [("from \"t.csv\"\r", "2 rows"), ("\u{4}", "")]
        #expect(try PromptPlayer.play(steps, folder: scratch()).raw.contains("\u{1b}[1m"))
        let plain = try PromptPlayer.play(steps, folder: scratch(), environment: ["NO_COLOR": "1"])
        #expect(plain.transcript.contains("2 rows"))
        #expect(!plain.raw.contains("\u{1b}[1m"))
    }
}
