// swift-tools-version: 6.0
import PackageDescription

// Debug builds, and so all tests, check that no two accesses to one variable overlap; in release builds these checks would cost a call
// for every row of the hot loops.
let release: [SwiftSetting] = [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))]

let package = Package(
    name: "crmq",
    products: [
        .library(name: "Storage", targets: ["Storage"]),
        .library(name: "Query", targets: ["Query"]),
        .executable(name: "crmq", targets: ["shell"]),
    ],
    targets: [
        .systemLibrary(name: "CReadline", providers: [.apt(["libreadline-dev"])]),
        .target(name: "Storage", swiftSettings: release),
        .target(name: "Query", dependencies: ["Storage"], swiftSettings: release),
        .executableTarget(name: "shell", dependencies: ["Query", "Storage", "CReadline"]),
        .testTarget(name: "StorageTests", dependencies: ["Storage"]),
        .testTarget(name: "QueryTests", dependencies: ["Query", "Storage"]),
        .testTarget(name: "ShellTests", dependencies: ["shell", "Query", "Storage"]),
    ],
    swiftLanguageModes: [.v6]
)
