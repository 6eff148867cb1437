/// The indicators of one script in a flat table, by handle: an update costs an index, a switch and the arithmetic.
@safe public final class IndicatorSet {
    /// Behind a constant pointer, so that an update needs no check for exclusive access.
    @safe private struct Table {
        var slots: UnsafeMutablePointer<Indicator?>
        var capacity: Int
        var used = 0
        var free: [Int] = []
        var byteCount = 0
    }
    private let table: UnsafeMutablePointer<Table>

    public init() {
        let capacity = 16
        let slots = UnsafeMutablePointer<Indicator?>.allocate(capacity: capacity)
        unsafe table = UnsafeMutablePointer.allocate(capacity: 1)
        unsafe table.initialize(to: Table(slots: slots, capacity: capacity))
    }

    deinit {
        unsafe table.pointee.slots.deinitialize(count: table.pointee.used)
        unsafe table.pointee.slots.deallocate()
        unsafe table.deinitialize(count: 1)
        unsafe table.deallocate()
    }

    /// Native memory of the indicators in the table.
    public var byteCount: Int { unsafe table.pointee.byteCount }

    /// Makes an indicator; its handle stays good until ``remove(_:)``.
    public func add(_ definition: IndicatorDefinition) -> Int {
        unsafe table.pointee.byteCount += definition.byteCount
        if let handle = unsafe table.pointee.free.popLast() {
            unsafe table.pointee.slots[handle] = Indicator(definition)
            return handle
        }
        if unsafe table.pointee.used == table.pointee.capacity { grow() }
        let handle = unsafe table.pointee.used
        unsafe (table.pointee.slots + handle).initialize(to: Indicator(definition))
        unsafe table.pointee.used += 1
        return handle
    }

    /// Frees an indicator; its handle may be given out again.
    public func remove(_ handle: Int) {
        let freed = definition(handle).byteCount
        unsafe table.pointee.slots[handle] = nil
        unsafe table.pointee.free.append(handle)
        unsafe table.pointee.byteCount -= freed
    }

    /// See ``Indicator/update(_:)``.
    @inline(__always) public func update(_ handle: Int, _ input: IndicatorInput) -> IndicatorOutput {
        check(handle)
        guard let answer = unsafe table.pointee.slots[handle]?.update(input) else { missing() }
        return answer
    }

    public func accepts(_ handle: Int, _ input: IndicatorInput) -> Bool {
        check(handle)
        guard let answer = unsafe table.pointee.slots[handle]?.accepts(input) else { missing() }
        return answer
    }

    /// The answer of the last update.
    public func value(_ handle: Int) -> IndicatorOutput {
        check(handle)
        guard let answer = unsafe table.pointee.slots[handle]?.value else { missing() }
        return answer
    }

    public func definition(_ handle: Int) -> IndicatorDefinition {
        check(handle)
        guard let answer = unsafe table.pointee.slots[handle]?.definition else { missing() }
        return answer
    }

    public func reset(_ handle: Int) {
        let definition = definition(handle)
        unsafe table.pointee.slots[handle] = Indicator(definition)
    }

    @inline(__always) private func check(_ handle: Int) {
        precondition(unsafe handle >= 0 && handle < table.pointee.used, "no such indicator")
    }

    private func missing() -> Never { preconditionFailure("an indicator is used after it was removed") }

    private func grow() {
        let capacity = unsafe table.pointee.capacity * 2
        let larger = UnsafeMutablePointer<Indicator?>.allocate(capacity: capacity)
        unsafe larger.moveInitialize(from: table.pointee.slots, count: table.pointee.used)
        unsafe table.pointee.slots.deallocate()
        unsafe (table.pointee.slots, table.pointee.capacity) = (larger, capacity)
    }
}
