import Market
import Pricing
import StrictJSON

/// How a value is to be found.
enum PriceMethod: String, CaseIterable {
    case closedForm, monteCarlo
}

/// How to sample.
struct Sampling {}

extension PriceBatch {
    /// The sampling that is asked for; nil when none is.
    func sampling(_ fields: PriceFields) throws(Rejection) -> Sampling? {
        try fields.optionalWord("method", as: PriceMethod.self) == .monteCarlo ? try defaultSampling(fields) : nil
    }

    func defaultSampling(_ fields: PriceFields) throws(Rejection) -> Sampling {
        throw Rejection(
            .malformed, code: "not_sampled", field: "method", detail: "Nothing is sampled yet; leave out method.")
    }

    func sampled<Product>(_ product: Product, _ sampling: Sampling) throws(Rejection) -> PriceAnswer { PriceAnswer() }
}
