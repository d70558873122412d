import Glibc

#if arch(x86_64)
    import _Builtin_intrinsics.intel.cpuid
#endif

/// The portable executable hands over to the one for AVX2 that lies beside it, where the processor can run that.
enum Handover {
    static let fastName = "crmq-avx2"
    /// Set to anything but nothing or 0, it keeps the portable one.
    static let variable = "CRMQ_PORTABLE"

    #if CRMQ_AVX2
        static let build = "AVX2"

        /// Says in one sentence when this processor cannot run what follows. Nothing before this call may need AVX2.
        static func run() {
            guard !processorHasAVX2 else { return }
            let text = "error: crmq-avx2 needs a processor with AVX2; run crmq, which works on every one\n"
            _ = text.withCString { write(2, $0, strlen($0)) }
            exit(4)
        }
    #else
        static let build = "portable"

        /// Returns only where there is nothing to hand over to. Arguments, environment, streams and so the exit code are the other's.
        static func run() {
            #if DEBUG
                // Tests mean the program that they built; another may lie beside it from an earlier build.
                return
            #else
                handOver()
            #endif
        }

        private static func handOver() {
            if let value = getenv(variable), value.pointee != 0, strcmp(value, "0") != 0 { return }
            guard processorHasAVX2 else { return }
            var path = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
            let length = readlink("/proc/self/exe", &path, Int(PATH_MAX))
            guard length > 0, let slash = path[..<length].lastIndex(of: CChar(UInt8(ascii: "/"))) else { return }
            let fast = path[...slash] + fastName.utf8CString
            // One that is not there, or not for us to run, leaves us running.
            fast.withUnsafeBufferPointer { _ = execv($0.baseAddress!, CommandLine.unsafeArgv) }
        }
    #endif

    /// Whether the processor has all of x86-64-v3, and the system keeps its wide registers.
    static var processorHasAVX2: Bool {
        #if arch(x86_64)
            var a: UInt32 = 0
            var b: UInt32 = 0
            var c: UInt32 = 0
            var d: UInt32 = 0
            // FMA, MOVBE, OSXSAVE, AVX and F16C; BMI1, AVX2 and BMI2; LZCNT.
            let basic: UInt32 = 1 << 12 | 1 << 22 | 1 << 27 | 1 << 28 | 1 << 29
            guard __get_cpuid_count(1, 0, &a, &b, &c, &d) == 1, c & basic == basic else { return false }
            let extended: UInt32 = 1 << 3 | 1 << 5 | 1 << 8
            guard __get_cpuid_count(7, 0, &a, &b, &c, &d) == 1, b & extended == extended else { return false }
            return __get_cpuid_count(0x8000_0001, 0, &a, &b, &c, &d) == 1 && c & 1 << 5 != 0
        #else
            return false
        #endif
    }
}
