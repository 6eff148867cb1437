import Domain
import Glibc
import Report
import Scripting

/// A strategy's file: read, and made into a strategy, with errors a person can act on.
enum ScriptFile {
    /// - Throws: `Failure`: usage where the file or a parameter is wrong, run failed where the script is.
    static func load(_ path: String, instruments: [Instrument], options: LuaOptions) throws -> LuaStrategy {
        let source = try self.source(path)
        var options = options
        options.moduleFolders = folders(beside: path)
        return try make(source, file: name(of: path), instruments: instruments, options: options)
    }

    /// A script that is in memory; `file` names it in messages.
    static func make(_ source: [UInt8], file: String, instruments: [Instrument], options: LuaOptions) throws -> LuaStrategy {
        do throws(ScriptError) {
            return try LuaStrategy(source: source, file: file, instruments: instruments, options: options)
        } catch {
            // What `--set` or `params` in the configuration got wrong is the user's, not the script's.
            let isUsage = error.message.contains("; the parameters are")
            let names = isUsage || error.message.contains(".lua") ? "" : "\(file): "
            throw Failure(isUsage ? .usage : .runFailed, names + "\(error)")
        }
    }

    /// - Throws: `Failure` that says why it cannot be read.
    static func source(_ path: String) throws -> [UInt8] {
        errno = 0
        if let source = TextFile.bytes(path) { return source }
        throw Failure(.usage, "\(path): cannot be read: \(unsafe String(cString: strerror(errno))); expected a strategy, a Lua file")
    }

    static func name(of path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

    /// Where `require` looks: beside the strategy, and in its `lib`, or in `strategies/lib` here.
    private static func folders(beside path: String) -> [String] {
        let folder = path.contains("/") ? String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]) : "."
        let own = folder.isEmpty ? "/" : folder
        return [own, own + "/lib", "strategies/lib"].filter(isFolder)
    }

    private static func isFolder(_ path: String) -> Bool {
        var facts = stat()
        return unsafe stat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFDIR
    }
}

extension ParameterValue {
    init(_ value: LuaParameter) {
        switch value {
        case .integer(let value): self = .integer(value)
        case .number(let value): self = .number(value)
        case .boolean(let value): self = .boolean(value)
        case .text(let value): self = .text(value)
        }
    }
}

/// Small text files, read whole.
enum TextFile {
    /// Nil where the file cannot be read.
    static func bytes(_ path: String) -> [UInt8]? {
        guard let file = unsafe fopen(path, "r") else { return nil }
        defer { unsafe fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe fread(&chunk, 1, chunk.count, file)
            if count == 0 { return unsafe ferror(file) == 0 ? bytes : nil }
            bytes.append(contentsOf: chunk[..<count])
        }
    }
}
