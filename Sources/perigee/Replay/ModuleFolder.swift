import Glibc
import Recording

/// The modules of a journal as files of a folder of their own, where `require` finds them; gone with the value.
final class ModuleFolder {
    let path: String
    private var made: [(path: String, isFolder: Bool)] = []

    init(_ modules: [JournalHead.Module]) throws {
        let root = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/tmp"
        var template = Array("\(root)/perigee-replay-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else { throw Failure(.runFailed, "\(root): no folder can be made there for the journal's modules") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        made.append((path, true))
        for module in modules { try write(module) }
    }

    deinit {
        for entry in made.reversed() { _ = unsafe entry.isFolder ? rmdir(entry.path) : unlink(entry.path) }
    }

    private func write(_ module: JournalHead.Module) throws {
        let parts = module.name.split(separator: ".", omittingEmptySubsequences: false)
        // A journal may come from anywhere: its names must not lead out of the folder.
        let isPlain = parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 95 } }
        guard isPlain else { throw Failure(.runFailed, "the journal's module '\(module.name)': expected lower-case letters, digits, _ and single dots") }
        var place = path
        for part in parts.dropLast() {
            place += "/\(part)"
            if unsafe mkdir(place, 0o700) == 0 { made.append((place, true)) }
        }
        place += "/\(parts[parts.count - 1]).lua"
        guard let file = unsafe fopen(place, "w") else { throw Failure(.runFailed, "\(place): cannot be written") }
        made.append((place, false))
        let count = unsafe fwrite(module.source, 1, module.source.count, file)
        guard unsafe fclose(file) == 0, count == module.source.count else { throw Failure(.runFailed, "\(place): cannot be written") }
    }
}
