import Foundation
import Storage
import Testing

@testable import Query

/// What the random queries have found, each said once and by hand.
@Suite struct PropertyFindingsTests {
    /// The answer to a pipe over one file, as csv.
    private func answer(_ csv: String, _ stages: String) throws -> String {
        let path = NSTemporaryDirectory() + "crmq-findings-\(UUID().uuidString).csv"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try csv.write(toFile: path, atomically: true, encoding: .utf8)
        let session = try Session(storePath: nil, options: SessionOptions())
        defer { session.close() }
        let transcript = Transcript()
        try session.run(SourceText(name: "t", text: "from \"\(path)\" | \(stages)"), receiver: transcript)
        return transcript.text
    }

    /// The empty text is one text, whether memory stands behind it or not.
    @Test func emptyTextInAList() throws {
        let csv = "k,s\n1,\"\"\n2,a\n3,\n"
        #expect(
            try answer(csv, "select k, a: s in [\"\"], b: lower(s) in [\"\", \"x\"], c: \"\" in [\"\"]")
                == "k,a,b,c\n1,true,true,true\n2,false,false,true\n3,false,false,true\n")
        #expect(
            try answer(csv, "summarize n: count(), d: distinct(lower(s)) by e: if s = \"a\" then \"\" else lower(s)")
                == "e,n,d\n\"\",2,2\n,1,0\n")
    }

    /// Two spellings of one character are two texts: the bytes tell.
    @Test func spellingsInAList() throws {
        let csv = "s\ncaf\u{E9}\ncafe\u{301}\n"
        #expect(try answer(csv, "where s in [\"caf\u{E9}\", \"cafe\u{301}\"] | summarize n: count()") == "n\n2\n")
        #expect(try answer(csv, "where s in [\"caf\u{E9}\"] | summarize n: count()") == "n\n1\n")
    }

    @Test func windowOverAConstant() throws {
        #expect(
            try answer("k\n2\n1\n3\n", "derive a: running_sum(1.5) by k, b: lag(7) by k, c: running_count(1) by k | sort k")
                == "k,a,b,c\n1,1.5,,1\n2,3.0,7,2\n3,4.5,7,3\n")
    }

    /// Twelve places compare with any number, though it would not fit them.
    @Test func comparisonAcrossScales() throws {
        let csv = "a,b\n1,2000000000\n3,-2000000000\n"
        let stages = "derive q: a / 3 / 1 | select big: q < b, small: q > b, list: q in [10bn, 1], same: b = q, range: q in -1bn..1bn"
        #expect(try answer(csv, stages) == "big,small,list,same,range\ntrue,false,false,false,true\nfalse,true,true,false,true\n")
    }

    /// 24 digits between a whole number and the quotient by one with twelve places.
    @Test func divisionByManyPlaces() throws {
        #expect(try answer("a\n2\n", "derive q: 3 / a / 1 | select r: 6 / q, s: -1 / (q / 1)") == "r,s\n4.000000000000,-0.666666666667\n")
        #expect(throws: QueryError.self) { try answer("a\n9000000000000\n", "derive q: a / (1 / 3 / 1) | select q") }
    }

    @Test func medianOfFloats() throws {
        #expect(try answer("x\n4.2\n4.2\n-1e15\n1e15\n", "select y: float(x) | summarize m: median(y)") == "m\n4.2\n")
        #expect(try answer("x\n-1e15\n0.3\n", "select y: float(x) | summarize m: median(y)") == "m\n-499999999999999.9\n")
        #expect(
            try answer("x\n-1.7e308\n1.7e308\n", "select y: float(x) | summarize m: median(y), q: quantile(y, 0.25)")
                == "m,q\n0,-8.499999999999999e+307\n")
    }

    @Test func largeWholeFloats() throws {
        #expect(
            try answer("x\n1e15\n9007199254740992e0\n-2e15\n", "select y: float(x)")
                == "y\n1000000000000000\n9007199254740992\n-2000000000000000\n")
    }
}
