import Glibc

/// What is known of the terminals that the standard streams may be.
enum Terminal {
    static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    /// In cells; 80 where the terminal does not say.
    static func width(_ descriptor: Int32) -> Int {
        var size = winsize()
        if ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return Int(size.ws_col) }
        if let columns = environment("COLUMNS").flatMap(Int.init), columns > 0 { return columns }
        return 80
    }

    /// In lines; 24 where the terminal does not say.
    static func height(_ descriptor: Int32) -> Int {
        var size = winsize()
        if ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 0 { return Int(size.ws_row) }
        if let lines = environment("LINES").flatMap(Int.init), lines > 0 { return lines }
        return 24
    }

    /// Colour and bold: never where NO_COLOR is set (https://no-color.org) or the terminal is a dumb one.
    static func isStyled(_ descriptor: Int32) -> Bool {
        isTerminal(descriptor) && (environment("NO_COLOR") ?? "").isEmpty && environment("TERM") != "dumb"
    }

    /// What the locale says of characters; without one the C library means ASCII.
    static var isUTF8: Bool {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].compactMap(environment).first { !$0.isEmpty } ?? ""
        let name = locale.uppercased()
        return name.contains("UTF-8") || name.contains("UTF8")
    }

    static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
