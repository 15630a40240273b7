import Ethereum
public import Exchange
import Market
import StrictJSON

/// `POST /offers/cancel`
public struct CancelRoute: Sendable {
    private let intake: CancelIntake
    private let limits: RateLimits

    /// The route over one intake.
    public init(intake: CancelIntake, limits: RateLimits) {
        self.intake = intake
        self.limits = limits
    }

    func post(_ request: APIRequest) async throws -> Reply {
        if let decision = await limits.takeCancel(request.client), decision.allowed == 0 {
            let refusal = Rejection(
                .tooMany, code: "rate_limited", field: nil,
                detail: "Too many cancels. Try again in \(decision.resetSeconds) s; one message can name 500 offers.")
            return OfferRoutes.limited(Problem.reply(refusal, requestID: request.requestID), decision)
        }
        let (cancel, result) = try await intake.cancel(try CancelBody.parse(request.body))
        switch result {
        case .cancelled(let results, let headSeq): return reply(results, of: cancel, seq: headSeq)
        case .rejected(let rejection): throw rejection
        case .failed(let failure): return Problem.reply(failure, requestID: request.requestID)
        case .created, .existed, .expired, .followed, .funded:
            return Problem.reply(WriteFailure.notStored, requestID: request.requestID)
        }
    }

    private func reply(_ results: [CancelResult], of cancel: VerifiedCancel, seq: UInt64) -> Reply {
        .json { json in
            json.beginObject()
            json.key("results")
            json.beginArray()
            for result in results {
                json.beginObject()
                json.key("offerHash")
                json.hash(result.offerHash)
                json.key("status")
                json.string(result.status.rawValue)
                json.key("seq")
                json.integer(result.seq)
                json.endObject()
            }
            json.endArray()
            json.key("signer")
            json.address(cancel.signer)
            json.key("bindingOnChain")
            json.bool(false)
            json.key("seq")
            json.integer(seq)
            if case .all = cancel.message {
                json.key("note")
                json.string(
                    "Offers accepted before issuedBefore are cancelled. Offers signed but not yet posted are not reached "
                        + "unless they are posted before that moment.")
            }
            json.endObject()
        }
    }
}
