// swift-tools-version: 6.0
import PackageDescription

// Debug builds, and so all tests, check that no two accesses to one variable overlap; in release builds these checks would cost a call
// for every row of the hot loops.
let release: [SwiftSetting] = [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))]

var products: [Product] = [
    .library(name: "Storage", targets: ["Storage"]),
    .library(name: "Query", targets: ["Query"]),
    .executable(name: "crmq", targets: ["shell"]),
]
var targets: [Target] = [
    .systemLibrary(name: "CReadline", providers: [.apt(["libreadline-dev"])]),
    .target(name: "Storage", swiftSettings: release),
    .target(name: "Query", dependencies: ["Storage"], swiftSettings: release),
    .executableTarget(name: "shell", dependencies: ["Query", "Storage", "CReadline"]),
    .testTarget(name: "StorageTests", dependencies: ["Storage"]),
    .testTarget(name: "QueryTests", dependencies: ["Query", "Storage"]),
    .testTarget(name: "ShellTests", dependencies: ["shell", "Query", "Storage"]),
]

// The same sources again for processors with AVX2 (the level x86-64-v3), as a second executable that the portable one hands over to. Both
// in one would be unsound: the linker could keep either copy of a shared generic. A module stands in one target only, so the targets
// have names of their own over symbolic links to the folders, and their imports are told by an alias. Whoever sets CRMQ_PORTABLE_ONLY
// compiles everything once, as the tests do.
#if arch(x86_64)
    if Context.environment["CRMQ_PORTABLE_ONLY"] == nil {
        let avx2: [SwiftSetting] =
            release + [
                .unsafeFlags(["-Xcc", "-march=x86-64-v3"], .when(configuration: .release)),
                .unsafeFlags(["-module-alias", "Storage=StorageAVX2", "-module-alias", "Query=QueryAVX2"]), .define("CRMQ_AVX2"),
            ]
        products.append(.executable(name: "crmq-avx2", targets: ["shellAVX2"]))
        targets += [
            .target(name: "StorageAVX2", path: "Sources/AVX2/Storage", swiftSettings: avx2),
            .target(name: "QueryAVX2", dependencies: ["StorageAVX2"], path: "Sources/AVX2/Query", swiftSettings: avx2),
            .executableTarget(
                name: "shellAVX2", dependencies: ["QueryAVX2", "StorageAVX2", "CReadline"], path: "Sources/AVX2/shell", swiftSettings: avx2),
        ]
    }
#endif

let package = Package(name: "crmq", products: products, targets: targets, swiftLanguageModes: [.v6])
