import CPricing
import Testing

@testable import Pricing

@Suite("Inverse normal")
struct InverseNormalTests {
    @Test(
        "the values of 60-digit arithmetic, in the centre and in both kinds of tail",
        arguments: [
            (1e-300, -37.04709629936119924), (1e-100, -21.27345356096532429), (1.2e-16, -8.200193700557573813),
            (1e-12, -7.034483825301131933), (1e-5, -4.26489079392282461), (0.01, -2.326347874040841093),
            (0.07, -1.475791028179170686), (0.0751, -1.438825392752539982), (0.2, -0.8416212335729141655),
            (0.4999, -0.0002506628300880074924), (0.75, 0.6744897501960817432), (0.9249, 1.438825392752540374),
            (0.93, 1.475791028179171099), (0.999999, 4.753424308817087766),
        ])
    func published(probability: Double, expected: Double) {
        #expect(abs(InverseNormal.value(probability) / expected - 1) < 1e-15)
    }

    @Test("symmetric where the complement is given, and limits at the ends")
    func ends() {
        #expect(InverseNormal.value(1, complement: 1e-100) == -InverseNormal.value(1e-100))
        #expect(InverseNormal.value(0) == -.infinity)
        #expect(InverseNormal.value(1) == .infinity)
        #expect(InverseNormal.value(1.5).isNaN)
        #expect(InverseNormal.value(.leastNonzeroMagnitude).isFinite)
    }

    @Test("the block kernel gives the bits of the function")
    func kernelAgrees() {
        var values: [Double] = [0x1p-33 - 0.5, 0.5 - 0x1p-33]
        for index in 0..<1000 { values.append((Double(index) + 0.5) / 1000 - 0.5) }
        let expected = values.map { pricing_inverse_normal($0 + 0.5, 0.5 - $0) }
        pricing_normals(Int32(values.count), &values)
        #expect(values == expected)
    }
}
