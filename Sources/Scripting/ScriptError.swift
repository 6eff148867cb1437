internal import CLua
internal import Domain

/// Why a script could not be loaded or a callback did not return cleanly, for the person who wrote it.
public struct ScriptError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Kind: Hashable, Sendable {
        /// The file cannot be read.
        case file
        /// An error of the script's own.
        case failed
        /// It ran over the deadline of the hang guard or over its budget of instructions, or outgrew its memory: its state is gone.
        case timeout, budget, memory, poisoned
    }

    public let kind: Kind
    /// Name of the Lua file and line, where they are known.
    public let file: String
    public let line: Int
    /// What went wrong; begins with `file:line:` where Lua knows them.
    public let message: String
    public let traceback: String

    public var description: String { traceback.isEmpty ? message : message + "\ntraceback:\n" + traceback }

    init(_ kind: Kind, file: String = "", message: String) {
        (self.kind, self.file, line, self.message, traceback) = (kind, file, 0, message, "")
    }

    init(_ error: OpaquePointer) {
        kind =
            switch unsafe Int(clua_error_kind(error)) {
            case CLUA_TIMEOUT: .timeout
            case CLUA_BUDGET: .budget
            case CLUA_MEMORY: .memory
            case CLUA_POISONED: .poisoned
            default: .failed
            }
        file = unsafe String(cString: clua_error_file(error))
        line = unsafe Int(clua_error_line(error))
        message = unsafe printable(String(cString: clua_error_message(error)))
        traceback = unsafe printable(String(cString: clua_error_traceback(error)).trimmingNewline)
    }
}

extension String {
    fileprivate var trimmingNewline: String { hasSuffix("\n") ? String(dropLast()) : self }
}

/// The text in a fixed array of C.
func text<Characters>(of characters: Characters) -> String {
    unsafe withUnsafeBytes(of: characters) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}

/// Puts a text into a fixed array of C, cut where it is too long.
func write<Characters>(_ text: String, into characters: inout Characters) {
    var text = text
    unsafe withUnsafeMutableBytes(of: &characters) { bytes in
        text.withUTF8 { own in
            let count = min(own.count, bytes.count - 1)
            unsafe bytes.copyMemory(from: UnsafeRawBufferPointer(start: own.baseAddress, count: count))
            unsafe bytes[count] = 0
        }
    }
}

/// The same text with its control characters, tab and line end aside, spelt out: a log line must not steer a terminal.
func printable(_ text: String) -> String {
    func isControl(_ scalar: Unicode.Scalar) -> Bool {
        (scalar.value < 0x20 && scalar != "\n" && scalar != "\t") || (0x7F...0x9F).contains(scalar.value)
    }
    guard text.unicodeScalars.contains(where: isControl) else { return text }
    var result = ""
    for scalar in text.unicodeScalars {
        if isControl(scalar) { result += "\\x" + String(scalar.value, radix: 16) } else { result.unicodeScalars.append(scalar) }
    }
    return result
}
