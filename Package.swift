// swift-tools-version: 6.0
import PackageDescription

let package = Package(
    name: "crmq",
    products: [
        .library(name: "Storage", targets: ["Storage"]),
        .library(name: "Query", targets: ["Query"]),
        .executable(name: "crmq", targets: ["shell"]),
    ],
    targets: [
        .systemLibrary(name: "CReadline", providers: [.apt(["libreadline-dev"])]),
        .target(name: "Storage"),
        .target(name: "Query", dependencies: ["Storage"]),
        .executableTarget(name: "shell", dependencies: ["Query", "Storage", "CReadline"]),
        .testTarget(name: "StorageTests", dependencies: ["Storage"]),
        .testTarget(name: "QueryTests", dependencies: ["Query", "Storage"]),
        .testTarget(name: "ShellTests", dependencies: ["shell", "Query", "Storage"]),
    ],
    swiftLanguageModes: [.v6]
)
