import Glibc

/// A socket's path as the system wants it: at most 107 bytes, so a longer one goes by its folder's descriptor.
struct UnixAddress: ~Copyable {
    private var address = sockaddr_un()
    private var folder: Int32 = -1

    init?(_ path: String) {
        var bytes = Array(path.utf8)
        if bytes.count > 107 {
            let slash = path.lastIndex(of: "/") ?? path.startIndex
            folder = unsafe open(String(path[..<slash]), O_PATH_FLAG | O_DIRECTORY | O_CLOEXEC)
            guard folder >= 0 else { return nil }
            bytes = Array("/proc/self/fd/\(folder)\(path[slash...])".utf8)
        }
        guard bytes.count <= 107 else { return nil }
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
    }

    deinit { if folder >= 0 { close(folder) } }

    func bind(_ descriptor: Int32) -> Bool { unsafe call { unsafe Glibc.bind(descriptor, $0, $1) == 0 } }
    func connect(_ descriptor: Int32) -> Bool { unsafe call { unsafe Glibc.connect(descriptor, $0, $1) == 0 } }

    private func call(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Bool) -> Bool {
        unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
    }

    static func socket() -> Int32 { Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0) }
}

/// The C header keeps it behind `_GNU_SOURCE`.
private let O_PATH_FLAG: Int32 = 0o10000000
