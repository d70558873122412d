import Testing

@Suite("the command line")
struct CommandLineTests {
    @Test(
        "a wrong command line is refused with exit 2 and a way on",
        arguments: [
            (["--format", "jason"], "did you mean `json`?"),
            (["--formt", "csv"], "did you mean --format?"), (["--as-of", "2026-02-30"], "needs a date like 2026-09-30"),
            (["--as-of", "30.9.2026"], "needs a date like 2026-09-30"), (["--param", "month"], "needs NAME=VALUE"),
            (["--param", "=1"], "needs NAME=VALUE"), (["--threads", "0"], "--threads needs a whole number"),
            (["--threads", "two"], "--threads needs a whole number"), (["--memory", "lots"], "--memory needs a size"),
            (["--memory", "1KB"], "at least 16MB"), (["--timing", "xml"], "--timing takes text or json"),
            (["--progress", "allways"], "did you mean `always`?"), (["-c"], "-c needs TEXT"), (["a", "b"], "one store at a time"),
            (["verify"], "needs a store"), (["demo"], "needs a store"), (["demo", "s", "--format", "csv"], "takes no --format"),
            (["--customers", "5", "-c", ""], "belongs to `crmq demo`"), (["demo", "s", "--customers", "-1"], "--customers needs"),
            (["demo", "s", "--seed", "x"], "--seed needs a whole number"), (["--format", "csv", "--format", "tsv"], "is given twice"),
            (["--quiet=yes"], "takes no value"), (["--bogus"], "crmq --help lists them"), (["--read-only"], "--read-only needs a store"),
            (["-c", "let x = 1", "--param", "mnth=2026-09"], "no parameter is declared"),
            (["-c", "param month: month = 2026-08", "--param", "mnth=2026-09"], "did you mean `month`?"),
        ])
    func refused(arguments: [String], says: String) throws {
        let outcome = try Crmq.run(arguments)
        #expect(outcome.code == 2)
        #expect(outcome.err.contains(says), "said: \(outcome.err)")
        #expect(outcome.out == "")
    }

    @Test("help and version go to standard output")
    func help() throws {
        let help = try Crmq.run(["--help"])
        #expect(help.code == 0)
        #expect(help.err == "")
        for option in [
            "-c TEXT", "--param NAME=VALUE", "--as-of DATE", "--read-only", "--timing text|json", "--safe", "--no-rc", "--quiet",
        ] {
            #expect(help.out.contains(option))
        }
        let version = try Crmq.run(["--version"])
        #expect(version.code == 0)
        #expect(version.out.hasPrefix("crmq "))
    }

    @Test("the help of a file lists its parameters, and runs nothing")
    func parameters() throws {
        let scratch = try Scratch()
        let script = try scratch.write(
            "# a report\nparam month: month = 2026-09 in [2026-08, 2026-09]\nparam floor: decimal(2)\nfrom nothing\n", to: "monthly.crmq")
        let outcome = try Crmq.run(["-f", script, "--help"])
        #expect(outcome.code == 0)
        #expect(
            outcome.out
                == """
                Parameters of \(script):
                  --param month=…  month, 2026-09 where not given, in [2026-08, 2026-09]
                  --param floor=…  decimal(2), must be given

                """)
    }

    @Test("a store that is not there cannot be verified or only read")
    func absentStore() throws {
        let scratch = try Scratch()
        let verify = try Crmq.run(["verify", scratch.path("none")])
        #expect(verify.code == 4)
        #expect(verify.err != "")
        let readOnly = try Crmq.run([scratch.path("none"), "--read-only", "-c", "tables"])
        #expect(readOnly.code == 4)
    }

    @Test("options may stand behind the store, with = or a space")
    func places() throws {
        let outcome = try Crmq.run(["--format=json", "-c", "from \"-\" (types: (a: int))", "--quiet"], input: "a\n1\n")
        #expect(outcome.code == 0, "\(outcome.err)")
        #expect(outcome.out == "[\n  {\"a\":1}\n]\n")
    }
}
