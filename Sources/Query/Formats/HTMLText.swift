/// Text on its way into HTML or SVG: first through the door that makes controls visible, then with what is markup escaped.
enum HTMLText {
    /// For element content and quoted attributes.
    static func escape(_ text: String) -> String {
        var text = text
        var out: [UInt8] = []
        text.withUTF8 { append($0, to: &out) }
        return String(decoding: out, as: UTF8.self)
    }

    /// - Parameter keepsLines: a line feed stays one; CSS shows it as a line's end.
    static func append(_ bytes: UnsafeBufferPointer<UInt8>, to out: inout [UInt8], keepsLines: Bool = false) {
        var safe: [UInt8] = []
        safe.reserveCapacity(bytes.count)
        TerminalText.append(bytes, to: &safe, keepsLines: keepsLines)
        for byte in safe {
            switch byte {
            case UInt8(ascii: "&"): out.append(contentsOf: "&amp;".utf8)
            case UInt8(ascii: "<"): out.append(contentsOf: "&lt;".utf8)
            case UInt8(ascii: ">"): out.append(contentsOf: "&gt;".utf8)
            case UInt8(ascii: "\""): out.append(contentsOf: "&quot;".utf8)
            case UInt8(ascii: "'"): out.append(contentsOf: "&#39;".utf8)
            default: out.append(byte)
            }
        }
    }
}

/// The one look of pages and charts. Everything is inside the page: no font, script or picture comes from elsewhere.
enum PageStyle {
    /// Each text colour stands at 4.5 to 1 or more on its ground, in both lights.
    static let colours = """
        :root{color-scheme:light dark;--paper:#fff;--ink:#1f2937;--faint:#566070;--rule:#d5dae1;--zero:#6b7280;--band:#f4f6f9;--link:#1d4ed8;
        --c0:#2563eb;--c1:#b45309;--c2:#047857;--c3:#be185d;--c4:#6d28d9;--c5:#0e7490;--c6:#854d0e;--c7:#475569}
        @media (prefers-color-scheme:dark){:root{--paper:#0f172a;--ink:#e8edf4;--faint:#a3b0c2;--rule:#2c3a50;--zero:#7d8ba0;--band:#17223a;--link:#93c5fd;
        --c0:#60a5fa;--c1:#fbbf24;--c2:#34d399;--c3:#f472b6;--c4:#a78bfa;--c5:#22d3ee;--c6:#fde047;--c7:#cbd5e1}}
        """

    static let chart = """
        .chart{font:13px/1.3 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif}
        .chart text{fill:var(--ink)}.chart text.n{fill:var(--faint);font-size:12px}.chart text.v,.chart text.c{font-size:12px}.chart text.h{font-weight:600;font-size:15px}
        .chart .g{stroke:var(--rule)}.chart .z{stroke:var(--zero)}.chart .paper{fill:var(--paper)}.chart .p{fill:none;stroke-width:2;stroke-linejoin:round}
        .chart .s0{fill:var(--c0)}.chart .s1{fill:var(--c1)}.chart .s2{fill:var(--c2)}.chart .s3{fill:var(--c3)}
        .chart .s4{fill:var(--c4)}.chart .s5{fill:var(--c5)}.chart .s6{fill:var(--c6)}.chart .s7{fill:var(--c7)}
        .chart .p0{stroke:var(--c0)}.chart .p1{stroke:var(--c1)}.chart .p2{stroke:var(--c2)}.chart .p3{stroke:var(--c3)}
        .chart .p4{stroke:var(--c4)}.chart .p5{stroke:var(--c5)}.chart .p6{stroke:var(--c6)}.chart .p7{stroke:var(--c7)}
        """

    static let page = """
        *{box-sizing:border-box}
        body{margin:0 auto;padding:1.5rem 1rem 4rem;max-width:62rem;background:var(--paper);color:var(--ink);
        font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif}
        h1{font-size:1.75rem;line-height:1.2;margin:.2em 0 .4em}h2{font-size:1.3rem;margin:2.2em 0 .5em;padding-bottom:.2em;border-bottom:1px solid var(--rule)}
        h3{font-size:1.05rem;margin:1.8em 0 .4em}p{margin:.4em 0 .8em;max-width:46rem}a{color:var(--link)}
        .note,caption,footer,.facts{color:var(--faint);font-size:.875rem}
        figure{margin:0 0 1.5rem}.scroll{overflow-x:auto}.chart{display:block;width:100%;min-width:34rem;height:auto}
        table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
        caption{text-align:left;padding:.2em 0 .4em}
        th,td{padding:.3em .7em;text-align:left;vertical-align:top;border-bottom:1px solid var(--rule);white-space:pre-line;overflow-wrap:break-word;min-width:3em}
        thead th{border-bottom:2px solid var(--zero);white-space:nowrap}.r{text-align:right;white-space:nowrap}
        tbody tr:nth-child(even){background:var(--band)}.null{color:var(--faint)}
        nav ol{padding-left:1.4em}nav>ol{columns:18rem}nav>ol>li{break-inside:avoid}dl{display:grid;grid-template-columns:max-content 1fr;gap:.1em 1em;margin:.5em 0}dt{font-weight:600}dd{margin:0}
        pre,code{font:.85rem/1.45 ui-monospace,"Cascadia Mono",Menlo,Consolas,monospace}pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--band);padding:.7em;border-radius:4px}
        @media (max-width:40rem){body{padding:1rem .75rem 3rem;font-size:15px}h1{font-size:1.4rem}th,td{padding:.25em .45em}}
        @media print{:root{--paper:#fff;--ink:#000;--faint:#444;--rule:#bbb;--zero:#555;--band:#f4f4f4;--link:#000;
        --c0:#2563eb;--c1:#b45309;--c2:#047857;--c3:#be185d;--c4:#6d28d9;--c5:#0e7490;--c6:#854d0e;--c7:#475569}
        body{max-width:none;padding:0;font-size:10.5pt}.scroll{overflow:visible}.chart{min-width:0;max-width:17cm}nav{display:none}
        h2,h3,.told{break-after:avoid}details:not([open]){display:none}figure,tr,svg{break-inside:avoid}thead{display:table-header-group}a{text-decoration:none}}
        """
}
