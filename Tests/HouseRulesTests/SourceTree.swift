import Foundation

/// The project's own sources, read as text.
struct SourceTree {
    struct File {
        /// From the project's root.
        let path: String
        let target: String
        let lines: [String]
    }

    static let root: URL = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    let files: [File]

    /// Every Swift file of every target that ships.
    init() {
        var files: [File] = []
        for folder in ["Sources", "sim", "Benchmarks"] {
            let base = SourceTree.root.appendingPathComponent(folder)
            let names = FileManager.default.enumerator(atPath: base.path)?.compactMap { $0 as? String } ?? []
            for name in names.sorted() where name.hasSuffix(".swift") {
                guard let text = try? String(contentsOf: base.appendingPathComponent(name), encoding: .utf8) else { continue }
                let target = String(name.prefix { $0 != "/" })
                files.append(File(path: "\(folder)/\(name)", target: target, lines: text.components(separatedBy: "\n")))
            }
        }
        self.files = files
    }
}

extension SourceTree.File {
    /// The line without its comment and without the insides of its strings, as far as a line can tell.
    static func code(_ line: String) -> String {
        var result = ""
        var inString = false
        var previous: Character = " "
        for character in line {
            if character == "\"", previous != "\\" {
                inString.toggle()
                result.append("\"")
            } else if !inString {
                if character == "/", previous == "/" {
                    result.removeLast()
                    return result
                }
                result.append(character)
            }
            previous = character
        }
        return result
    }

    func allows(_ index: Int) -> Bool {
        lines[index].contains("house-ok:") || (index > 0 && lines[index - 1].contains("house-ok:"))
    }

    /// Lines of code that match, with their numbers; lines with a `house-ok: reason` are left out.
    func violations(of pattern: Regex<Substring>) -> [String] {
        lines.indices.compactMap { index in
            guard SourceTree.File.code(lines[index]).contains(pattern), !allows(index) else { return nil }
            return "\(path):\(index + 1): \(lines[index].trimmingCharacters(in: .whitespaces))"
        }
    }
}
