import Foundation
import TLS
import Testing
import Transport

@Suite struct SecretTests {
    @Test func nothingShowsIt() {
        let secret = Secret(Array("canary-4711".utf8))
        var dumped = ""
        dump(secret, to: &dumped)
        dump([secret], to: &dumped)
        for text in ["\(secret)", String(describing: secret), String(reflecting: secret), "\([secret])", "\(Optional(secret) as Any)", dumped] {
            #expect(!text.contains("canary"), "\(text)")
        }
        #expect(Mirror(reflecting: secret).children.isEmpty)
        #expect(!((secret as Any) is any Encodable))
        #expect(secret.equals(Secret(Array("canary-4711".utf8))) && !secret.equals(Secret(Array("canary-4712".utf8))))
        #expect(Encoding.hex(secret.hmac(.sha256).code("m")) == Encoding.hex(HMACKey(.sha256, key: Array("canary-4711".utf8)).code("m")))
    }

    @Test func aLiteralIsRefusedAndNotRepeated() throws {
        for text in ["canary-4711", "", "ENV:X", "env:", "env:canary 4711", "file:", "env:CANARY=4711"] {
            do throws(SecretError) {
                _ = try SecretSource.parse(text)
                Issue.record("\(text) was accepted")
            } catch {
                #expect(!error.description.lowercased().contains("canary"))
            }
        }
        #expect(try SecretSource.parse("env:API_KEY_2") == .environment("API_KEY_2"))
        #expect(try SecretSource.parse("file:keys/a") == .file("keys/a"))
    }

    private func inFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("perigee-secret-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    private func write(_ path: String, _ text: String, mode: Int) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    @Test func filesAreReadOnlyWhereNobodyElseCanReachThem() throws {
        try inFolder { folder in
            try write("\(folder)/good", "canary-4711\n", mode: 0o600)
            #expect(try SecretSource.file("\(folder)/good").read().equals(Secret(Array("canary-4711".utf8))))
            for mode in [0o640, 0o604, 0o660, 0o601] {
                try write("\(folder)/open", "canary-4711", mode: mode)
                refuses("\(folder)/open", "0" + String(mode, radix: 8))
            }
            try write("\(folder)/empty", "\n", mode: 0o600)
            refuses("\(folder)/empty", "empty")
            refuses("\(folder)/none", "No such file")
            refuses(folder, "regular")
            try FileManager.default.createSymbolicLink(atPath: "\(folder)/link", withDestinationPath: "\(folder)/good")
            refuses("\(folder)/link", "symbolic link")
            try FileManager.default.createDirectory(atPath: "\(folder)/shared", withIntermediateDirectories: false)
            try write("\(folder)/shared/key", "canary-4711", mode: 0o600)
            try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: "\(folder)/shared")
            refuses("\(folder)/shared/key", "everyone")
            try FileManager.default.setAttributes([.posixPermissions: 0o1777], ofItemAtPath: "\(folder)/shared")
            _ = try SecretSource.file("\(folder)/shared/key").read()
        }
    }

    private func refuses(_ path: String, _ why: String, sourceLocation: SourceLocation = #_sourceLocation) {
        do throws(SecretError) {
            _ = try SecretSource.file(path).read()
            Issue.record("\(path) was read", sourceLocation: sourceLocation)
        } catch {
            #expect(error.description.contains(path) && error.description.contains(why), "\(error)", sourceLocation: sourceLocation)
            #expect(!error.description.contains("canary"), sourceLocation: sourceLocation)
        }
    }

    @Test func everySpellingIsRedacted() {
        let value = "k/ey+\"w\\ord=\u{7}4711"
        let bytes = Array(value.utf8)
        var redactor = Redactor()
        redactor.add(Secret(bytes))
        let json = #"k/ey+\"w\\ord=\u00074711"#
        let base64 = Encoding.base64(bytes)
        for form in [
            value, Encoding.hex(bytes), Encoding.hex(bytes).uppercased(), PercentEncoding.encode(value), PercentEncoding.encode(value).lowercased(),
            json, json.replacingOccurrences(of: "/", with: "\\/"), base64, Encoding.base64URL(bytes),
            Encoding.base64(Array("user:".utf8) + bytes), Encoding.base64(Array("us:".utf8) + bytes), Encoding.base64(Array("u:".utf8) + bytes + [1, 2]),
        ] {
            let shown = redactor.redact("before \(form) after")
            #expect(shown.contains(Redactor.mark) && shown.hasPrefix("before ") && shown.hasSuffix(" after"), "\(form): \(shown)")
        }
        #expect(redactor.redact("key word 4711") == "key word 4711")
        #expect(Redactor().redact("anything") == "anything")
    }

    @Test func aSecretInsideAnotherGoesWithIt() {
        var redactor = Redactor()
        redactor.add(Array("secret".utf8))
        redactor.add(Array("secret-longer".utf8))
        #expect(redactor.redact("secret-longer secret secre") == "<redacted> <redacted> secre")
    }
}
