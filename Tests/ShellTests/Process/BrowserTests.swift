import Foundation
import Testing

/// A report of the demo bank in a real browser, without a window.
@Suite("a report in a browser", .enabled(if: Crmq.path != nil && Browser.name != nil))
struct BrowserTests {
    private let pack = """
        param month: month = 2026-09
        report "pack-{month}.html" "Customer pack {month}"
        ## Customers
        # By tier
        from customers | summarize n: count(), balance: sum(balance) by tier
        # Every column
        from customers | profile
        # Balances
        from customers | histogram balance
        ## Business
        # By channel
        from transactions | where month(ts) = @month | bar sum(amount), unit: "CNY" by channel, dir
        # Over time
        from transactions | line sum(amount) by month(ts), dir
        # Who stays
        from customers | cohort(transactions.ts, every: 1q, periods: 8) | heatmap

        """

    @Test("no console error, a readable picture in both lights and on a phone, a printed page")
    func opens() throws {
        let folder = try Scratch()
        try folder.write(pack, to: "pack.crmq")
        #expect(try Crmq.run(["demo", "bank", "--customers", "300", "--quiet"], folder: folder.url).code == 0)
        let made = try Crmq.run(["bank", "-f", "pack.crmq", "--as-of", "2026-10-01"], folder: folder.url)
        #expect(made.code == 0 && made.err.contains("wrote pack-2026-09.html: 2 tables, 4 charts"), "\(made.err)")
        let page = "file://" + folder.path("pack-2026-09.html")
        for (name, options) in [
            ("light.png", "--window-size=1100,2400"), ("dark.png", "--window-size=1100,2400 --blink-settings=preferredColorScheme=0"),
            ("phone.png", "--window-size=500,1600"),
        ] {
            let said = try Browser.run("\(options) --screenshot=\(folder.path(name)) \(page)")
            #expect(!said.contains("CONSOLE"), "\(name): \(said)")
            // An empty page of this size is a few thousand bytes.
            let size = try FileManager.default.attributesOfItem(atPath: folder.path(name))[.size] as? Int ?? 0
            #expect(size > 40_000, "\(name) has \(size) bytes")
        }
        _ = try Browser.run("--print-to-pdf=\(folder.path("page.pdf")) \(page)")
        #expect(try Data(contentsOf: folder.url.appendingPathComponent("page.pdf")).starts(with: Data("%PDF".utf8)))
        // The browser's own reading of the page: nothing was left open or moved to where it does not belong.
        let tree = try Browser.run("--dump-dom \(page)")
        #expect(tree.components(separatedBy: "<svg").count == 5 && tree.components(separatedBy: "<table>").count == 7)
        #expect(tree.contains("</main>") && !tree.contains("<b>"))
    }

    @Test("the check sees a console error where there is one")
    func sees() throws {
        let folder = try Scratch()
        try folder.write("<!doctype html><html lang=en><title>t</title><script>console.error('seen')</script>", to: "bad.html")
        #expect(try Browser.run("--screenshot=\(folder.path("x.png")) file://\(folder.path("bad.html"))").contains("CONSOLE"))
    }
}

private enum Browser {
    static let name: String? = {
        for name in ["chromium", "chromium-browser", "google-chrome"] where (try? Crmq.shell("command -v \(name)"))?.code == 0 {
            return name
        }
        print("browser tests are skipped: no chromium on this machine")
        return nil
    }()

    /// What the browser says, on both streams.
    static func run(_ options: String) throws -> String {
        let folder = try Scratch()
        let outcome = try Crmq.shell(
            "timeout 60 \(name ?? "") --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --hide-scrollbars --enable-logging=stderr "
                + "--user-data-dir=\(folder.path("profile")) \(options)")
        return outcome.out + outcome.err
    }
}
