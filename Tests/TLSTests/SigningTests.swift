import Testing

@testable import TLS

@Suite struct SigningTests {
    /// RFC 4231, cases 1, 2 and 6; twice each, since a key signs many messages.
    @Test func hmacOfTheRFC() {
        let long = [UInt8](repeating: 0xAA, count: 131)
        for (key, message, expected256, expected512) in [
            ([UInt8](repeating: 0x0B, count: 20), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
             "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854"),
            (Array("Jefe".utf8), "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
             "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"),
            (long, "Test Using Larger Than Block-Size Key - Hash Key First", "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
             "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598"),
        ] {
            let (short, wide) = (HMACKey(.sha256, key: key), HMACKey(.sha512, key: key))
            for _ in 0..<2 {
                #expect(Encoding.hex(short.code(message)) == expected256)
                #expect(Encoding.hex(wide.code(message)) == expected512)
            }
        }
    }

    @Test func digests() {
        #expect(Encoding.hex(DigestAlgorithm.sha256.digest(Array("abc".utf8))) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(Encoding.hex(DigestAlgorithm.sha512.digest([])).hasPrefix("cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"))
        #expect(WebSocketDigest.accept(key: "dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    }

    @Test func base64OfTheRFC() {
        for (plain, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy")] {
            #expect(Encoding.base64(Array(plain.utf8)) == text)
            #expect(Encoding.bytes(base64: text) == Array(plain.utf8))
        }
        #expect(Encoding.base64URL([0xFB, 0xFF]) == "-_8")
        for text in ["Z", "Zg=", "Zg===", "Z g=", "Zm9v=", "Zh==", "=", "Zm\n9"] { #expect(Encoding.bytes(base64: text) == nil, "\(text)") }
    }

    @Test func hexBothWays() {
        #expect(Encoding.hex([0, 255, 16]) == "00ff10")
        #expect(Encoding.bytes(hex: "00FF10") == [0, 255, 16])
        #expect(Encoding.bytes(hex: "0") == nil && Encoding.bytes(hex: "0g") == nil)
    }

    /// Golden value computed with Python's hmac and base64.
    @Test func tokens() {
        let token = JWT.hs256(claims: Array(#"{"sub":"1234567890"}"#.utf8), key: HMACKey(.sha256, key: Array("secret".utf8)))
        #expect(token == "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.Rq8IxqeX7eA6GgYxlcHdPFVRNFFZc5rEI3MQTZZbK3I")
    }

    @Test func chanceAndComparison() {
        #expect(Secure.randomBytes(32) != Secure.randomBytes(32))
        #expect(Secure.equal([1, 2], [1, 2]) && !Secure.equal([1, 2], [1, 3]) && !Secure.equal([1], [1, 2]) && Secure.equal([], []))
    }
}
