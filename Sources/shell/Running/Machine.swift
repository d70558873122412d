import Glibc

/// What this process may use of the machine it runs on.
enum Machine {
    /// Cores that this process may run on, which a container or `taskset` can make fewer than there are.
    static var cores: Int {
        let marker = "Cpus_allowed:"
        let allowed = lines("/proc/self/status").first { $0.hasPrefix(marker) }?.dropFirst(marker.count)
        let bits = allowed?.compactMap(\.hexDigitValue).reduce(0) { $0 + $1.nonzeroBitCount } ?? 0
        let online = sysconf(Int32(_SC_NPROCESSORS_ONLN))
        // The mask may name cores that the machine could have and has not.
        return max(1, bits > 0 ? min(bits, online) : online)
    }

    /// The machine's memory, or the container's where that is less.
    static var memoryBytes: Int {
        let machine = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
        var limit = machine
        for path in ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"] {
            if let text = lines(path).first, let bytes = Int(text), bytes > 0 { limit = min(limit, bytes) }
        }
        return max(limit, 256 << 20)
    }

    private static func lines(_ path: String) -> [Substring] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 8192)
        let count = read(descriptor, &bytes, bytes.count)
        return String(decoding: bytes[..<max(0, count)], as: UTF8.self).split(separator: "\n")
    }
}
