import COpenSSL
import NIOCore
import Testing

@testable import TLS

/// F32: everything that must be refused, and that both sides hear of it.
@Suite struct CertificateTests {
    private func refusal(_ change: (inout TestCertificates.Request) -> Void, host: String = "localhost") throws -> TLSError.Reason? {
        var request = TestCertificates.Request()
        change(&request)
        return try refusal(of: Made.certificates.server(request), host: host)
    }

    private func refusal(
        of identity: TLSIdentity, host: String = "localhost", authority: TestCertificates? = nil, minimum: Int32 = TLS1_2_VERSION, maximum: Int32 = 0
    ) throws -> TLSError.Reason? {
        let server = try TLSContext.server(identity: identity, minimum: minimum, maximum: maximum, securityLevel: 0)
        let client = try authority.map { try TLSContext.client(extraAuthority: .pem($0.authority.chain)) } ?? Made.clientContext
        let wire = try Wire(client: client.clientHandler(host: host), server: server.serverHandler())
        wire.client.writeAndFlush(ByteBuffer(string: "secret"), promise: nil)
        try wire.pump()
        if wire.clientSeen.isOpen {
            #expect(wire.clientSeen.errors.isEmpty)
            return nil
        }
        #expect(wire.serverSeen.bytes.isEmpty, "nothing may be sent to whom we do not trust")
        #expect(wire.clientSeen.errors.count == 1 && wire.clientSeen.isInactive)
        return wire.clientSeen.errors.first
    }

    @Test(arguments: ["localhost", "127.0.0.1", "::1"]) func aGoodOneIsAccepted(_ host: String) throws {
        #expect(try refusal(of: Made.server, host: host) == nil)
    }

    @Test func aKeyOf2048BitsIsAccepted() throws {
        #expect(try refusal { $0.key = .rsa(bits: 2048) } == nil)
    }

    @Test func badOnesAreRefusedAndNamed() throws {
        #expect(try refusal { ($0.notBefore, $0.notAfter) = (-7200, -3600) } == .expired)
        #expect(try refusal { ($0.notBefore, $0.notAfter) = (3600, 7200) } == .notYetValid)
        #expect(try refusal { $0.alternativeNames = "DNS:example.com" } == .wrongHost)
        #expect(try refusal({ $0.alternativeNames = "DNS:localhost" }, host: "127.0.0.1") == .wrongHost)
        #expect(try refusal({ $0.alternativeNames = "IP:127.0.0.2" }, host: "127.0.0.1") == .wrongHost)
        #expect(try refusal({ $0.alternativeNames = "DNS:*" }) == .wrongHost)
        #expect(try refusal { $0.key = .rsa(bits: 512) } != nil, "too short for TLS 1.3 to sign with, too weak for 1.2")
        #expect(try refusal { $0.key = .rsa(bits: 1024) } == .weakKey)
        #expect(try refusal(of: Made.server, authority: TestCertificates()) == .unknownAuthority)
        #expect(try refusal(of: TestCertificates.make(TestCertificates.Request(), issuer: nil)) == .selfSigned)
    }

    @Test func aSubjectNameAloneIsNoHost() throws {
        #expect(try refusal { ($0.commonName, $0.alternativeNames) = ("example.com", nil) } == .wrongHost)
    }

    @Test func aCertificateThatIsNoAuthorityCannotSign() throws {
        let leaf = try Made.server
        let forged = try TestCertificates.make(TestCertificates.Request(), issuer: leaf)
        let reason = try refusal(of: TLSIdentity(chain: forged.chain + leaf.chain, key: forged.key))
        #expect(reason != nil)
    }

    @Test func oldVersionsAreRefused() throws {
        #expect(try refusal(of: Made.server, minimum: TLS1_VERSION, maximum: TLS1_VERSION) == .protocolVersion)
        #expect(try refusal(of: Made.server, minimum: TLS1_1_VERSION, maximum: TLS1_1_VERSION) == .protocolVersion)
        #expect(try refusal(of: Made.server, minimum: TLS1_2_VERSION, maximum: TLS1_2_VERSION) == nil)
        #expect(try refusal(of: Made.server, minimum: TLS1_3_VERSION, maximum: TLS1_3_VERSION) == nil)
    }

    @Test func anAdditionalAuthorityIsForLoopbackOnly() throws {
        let context = try TLSContext.client(extraAuthority: .pem(Made.certificates.authority.chain))
        #expect(throws: TLSError(host: "example.com", reason: .authorityNotForThisHost)) { try context.clientHandler(host: "example.com") }
        #expect(throws: TLSError.self) { try context.clientHandler(host: "localhost.example.com") }
        #expect(throws: TLSError.self) { try context.clientHandler(host: "10.0.0.1") }
        _ = try context.clientHandler(host: "127.8.9.1")
        _ = try TLSContext.client().clientHandler(host: "example.com")
    }

    @Test func withoutTheAuthorityItIsUnknown() throws {
        let server = try TLSContext.server(identity: Made.server)
        let wire = try Wire(client: TLSContext.client().clientHandler(host: "localhost"), server: server.serverHandler())
        try wire.pump()
        #expect(wire.clientSeen.errors == [.unknownAuthority])
        #expect(wire.serverSeen.errors == [.alert("unknown CA")])
    }

    @Test func whatCannotBeLoadedSaysWhy() {
        #expect(throws: TLSError.self) { try TLSContext.client(extraAuthority: .file("/nowhere/ca.pem")) }
        #expect(throws: TLSError.self) { try TLSContext.client(extraAuthority: .pem(Array("no pem".utf8))) }
        #expect(throws: TLSError.self) { try TLSContext.server(identity: TLSIdentity(chain: [], key: [])) }
        #expect(throws: TLSError.self) { try TLSContext.server(identity: TLSIdentity(chain: Made.server.chain, key: Made.server.key)) }
    }
}
