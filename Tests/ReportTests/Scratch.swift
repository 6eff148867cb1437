import Foundation

func removeTree(_ path: String) { try? FileManager.default.removeItem(atPath: path) }

func readText(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

func readBytes(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }
