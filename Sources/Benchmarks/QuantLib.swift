import Glibc
import StrictJSON

/// QuantLib's Python wheel as the peer: a script runs one of its engines and says what its own thread took.
struct QuantLib: Sendable {
    /// What to do where it is missing.
    static let advice =
        "without a peer: python3 -m venv .build/quantlib && .build/quantlib/bin/pip install QuantLib, or name a Python "
        + "that has it by QUANTLIB_PYTHON=path"

    private let python: String
    private let script: String

    /// The Python of `QUANTLIB_PYTHON`, or of .build/quantlib; nil where neither is there.
    static func find() throws -> QuantLib? {
        let script = "Sources/Benchmarks/quantlib.py"
        let python = Environment["QUANTLIB_PYTHON"] ?? ".build/quantlib/bin/python"
        guard access(python, X_OK) == 0 else { return nil }
        guard access(script, R_OK) == 0 else { throw BenchmarkFailure("\(script) is not here: run from the top level") }
        return QuantLib(python: python, script: script)
    }

    /// One simulation.
    /// - Returns: its thread's processor time, and its standard error.
    func run(_ kind: String, paths: Int, seed: UInt64) async throws -> (seconds: Double, error: Double) {
        try await TemporaryDirectory.with { directory in
            let process = try ChildProcess.start(
                [python, script, kind, "\(paths)", "\(seed)"], output: directory("quantlib.out"))
            let status = try await process.finish()
            guard status == 0,
                let answer = try? JSONValue.parse(Array(process.text.utf8)).object,
                let seconds = answer["seconds"]?.double, let error = answer["standardError"]?.double
            else { throw BenchmarkFailure("quantlib.py: \(process.text)") }
            return (seconds, error)
        }
    }
}
