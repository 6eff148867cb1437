/// One file to read: a plain or gzipped one, or an entry of a zip.
struct InputPart: Sendable {
    let path: String
    let entry: ZipEntry?

    /// What the instrument, the date and the kind are guessed from: the entry's name, else the file's.
    var fileName: String {
        let name = entry?.name ?? path
        return name.split(separator: "/").last.map(String.init) ?? name
    }

    /// The outer file's name, where the entry's own says too little.
    var outerName: String { path.split(separator: "/").last.map(String.init) ?? path }

    /// All files behind the paths given, zips opened, in order.
    static func all(_ paths: [String]) throws(ImportError) -> [InputPart] {
        guard !paths.isEmpty else { throw ImportError(.usage, "nothing to import: expected at least one input file") }
        var parts: [InputPart] = []
        for path in paths {
            guard try ZipDirectory.isZip(path) else {
                parts.append(InputPart(path: path, entry: nil))
                continue
            }
            let entries = try ZipDirectory.entries(of: path)
            guard !entries.isEmpty else { throw ImportError(.data, "\(path): the zip is empty") }
            parts += entries.map { InputPart(path: path, entry: $0) }
        }
        return parts
    }

    /// For messages: the path, and the entry in a zip.
    var name: String { entry.map { path + "/" + $0.name } ?? path }

    func open() throws(ImportError) -> InputStream {
        if let entry { return try InputStream(path: path, entry: entry) }
        return try InputStream(path: path)
    }

    func lines() throws(ImportError) -> LineReader { LineReader(try open()) }
}

/// A line and where it comes from.
struct SourceLine {
    let bytes: Bytes
    /// Which of the inputs.
    let part: Int
    let place: Place
}

/// The lines of several inputs as one stream in order of time; of equal times the earlier input goes first.
///
/// A line without a time of its own (headers, damage) comes right after the line before it.
final class LineMerge {
    let parts: [InputPart]
    private var readers: [LineReader] = []
    private var lines: [Bytes?] = []
    private var times: [Int64] = []
    private var current = -1
    private let timeOf: (Bytes, InputPart) -> Int64?

    /// - Parameter timeOf: the time a line begins with; nil where it has none.
    init(_ parts: [InputPart], timeOf: @escaping (Bytes, InputPart) -> Int64?) throws(ImportError) {
        self.parts = parts
        self.timeOf = timeOf
        for part in parts { readers.append(try part.lines()) }
        lines = Array(repeating: nil, count: parts.count)
        times = Array(repeating: .min, count: parts.count)
        if parts.count > 1 { for index in parts.indices { try advance(index) } }
    }

    private func advance(_ index: Int) throws(ImportError) {
        lines[index] = try readers[index].next()
        guard let line = lines[index] else { return }
        if let time = timeOf(line, parts[index]) { times[index] = time }
    }

    /// The next line, valid until the next call.
    func next() throws(ImportError) -> SourceLine? {
        if parts.count == 1 {
            guard let bytes = try readers[0].next() else { return nil }
            return SourceLine(bytes: bytes, part: 0, place: Place(name: readers[0].name, line: readers[0].number))
        }
        if current >= 0 { try advance(current) }
        current = -1
        for index in parts.indices where lines[index] != nil && (current < 0 || times[index] < times[current]) {
            current = index
        }
        guard current >= 0, let bytes = lines[current] else { return nil }
        return SourceLine(bytes: bytes, part: current, place: Place(name: readers[current].name, line: readers[current].number))
    }
}
