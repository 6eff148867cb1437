/// A place in memory that the exchange owns and that outlives every use within one event.
///
/// The parts of the exchange pass these instead of unsafe pointers, so that the word `unsafe` marks only where memory is managed.
@safe struct Handle<Value: ~Copyable> {
    private let address: UnsafeMutablePointer<Value>

    @inline(__always) init(_ address: UnsafeMutablePointer<Value>) { unsafe self.address = address }
    /// For reading only.
    @inline(__always) init(reading address: UnsafePointer<Value>) { unsafe self.address = UnsafeMutablePointer(mutating: address) }

    @inline(__always) var pointee: Value {
        unsafeAddress { unsafe UnsafePointer(address) }
        nonmutating unsafeMutableAddress { unsafe address }
    }
}
