import Synchronization

/// The EIP-55 digits of addresses met lately. The same tokens and writers come again and again, and a Keccak each would
/// be a third of what reading an offer costs.
enum ChecksumMemory {
    typealias Digits = (UInt64, UInt64, UInt64, UInt64, UInt64)

    /// A power of two; an address has one place, and the latest keeps it.
    private static let places = 1_024

    private struct Entry {
        var address: Address
        var digits: Digits
    }

    private static let entries = Mutex<[Entry?]>(Array(repeating: nil, count: places))

    /// The digits of `address`, computed where they are not remembered.
    static func digits(of address: Address, place: UInt64, compute: () -> Digits) -> Digits {
        let index = Int(truncatingIfNeeded: place & UInt64(places - 1))
        let known: Digits? = entries.withLock { entries in
            guard let entry = entries[index], entry.address == address else { return nil }
            return entry.digits
        }
        if let known { return known }
        let digits = compute()
        entries.withLock { $0[index] = Entry(address: address, digits: digits) }
        return digits
    }
}
