/// Parts of an address.
enum URLText {
    /// Everything but letters, digits and `-._~` as `%XX`.
    ///
    /// - Source: RFC 3986, sections 2.1 and 2.3.
    static func encoded(_ text: String) -> String {
        var result: [UInt8] = []
        let digits = Array("0123456789ABCDEF".utf8)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                result.append(byte)
            case _: result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// `?a=b&c=d`, or nothing.
    static func query(_ fields: [(String, String)]) -> String {
        fields.isEmpty ? "" : "?" + fields.map { "\($0.0)=\(encoded($0.1))" }.joined(separator: "&")
    }
}
