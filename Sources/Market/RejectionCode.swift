extension Rejection {
    /// The codes of this module's own rules; the API document lists them.
    public enum Code: String, Sendable, CaseIterable {
        // Reading
        /// Not the strict JSON that is read here.
        case invalidJSON = "invalid_json"
        /// The same key twice in one object.
        case duplicateField = "duplicate_field"
        /// A key that has no place here.
        case unknownField = "unknown_field"
        /// A key that is needed is absent.
        case missingField = "missing_field"
        /// A value of another JSON type than the field's.
        case invalidType = "invalid_type"
        /// Not a plain decimal integer.
        case invalidInteger = "invalid_integer"
        /// An integer that does not fit the field's width.
        case integerOutOfRange = "integer_out_of_range"
        /// A JSON number above 2^53 − 1, which many readers round.
        case integerNotExact = "integer_not_exact"
        /// Not `0x` and an even or fixed number of hex digits.
        case invalidHex = "invalid_hex"
        /// Not an address.
        case invalidAddress = "invalid_address"
        /// Mixed case that does not satisfy EIP-55.
        case invalidChecksum = "invalid_checksum"
        /// A text of fewer or more bytes than the field takes.
        case invalidLength = "invalid_length"
        /// More than 4096 bytes of signature.
        case signatureTooLong = "signature_too_long"

        // Rules of an offer
        /// The zero address where an account or a token is needed.
        case zeroAddress = "zero_address"
        /// underlying = stablecoin.
        case sameToken = "same_token"
        /// collateralAmount = 0.
        case zeroCollateral = "zero_collateral"
        /// premiumPerDay = 0.
        case zeroPremium = "zero_premium"
        /// Not 1 ≤ minDuration ≤ maxDuration ≤ the most days allowed.
        case invalidDuration = "invalid_duration"
        /// Not 0 < minFillAmount ≤ collateralAmount.
        case invalidMinFill = "invalid_min_fill"
        /// The deadline has passed.
        case deadlinePassed = "deadline_passed"
        /// The deadline is beyond the horizon.
        case deadlineTooFar = "deadline_too_far"
        /// A token that this deployment does not list.
        case tokenNotListed = "token_not_listed"
        /// The writer has as many open offers as are allowed.
        case tooManyOpenOffers = "too_many_open_offers"

        // Signatures
        /// Neither 65 nor 64 bytes.
        case signatureLength = "signature_length"
        /// v is not 27, 28, 0 or 1.
        case signatureV = "signature_v"
        /// s is in the upper half of the curve's order.
        case signatureHighS = "signature_high_s"
        /// r or s is 0 or not below the curve's order.
        case signatureRange = "signature_range"
        /// No key fits this signature.
        case signatureUnrecoverable = "signature_unrecoverable"
        /// Another account signed, or another message was signed.
        case signatureMismatch = "signature_mismatch"

        // Cancels
        /// No hash, or more than 500.
        case invalidHashCount = "invalid_hash_count"
        /// The same hash twice.
        case duplicateHash = "duplicate_hash"
        /// issuedBefore lies too far ahead.
        case issuedBeforeTooLate = "issued_before_too_late"
        /// The message is neither of the two cancels.
        case invalidMessage = "invalid_message"

        // Products
        /// Neither LuckyLadder nor MomentumCatcher.
        case invalidProductType = "invalid_product_type"
        /// No rung, or more than are allowed.
        case invalidRungCount = "invalid_rung_count"
        /// Rungs that do not ascend.
        case rungsNotAscending = "rungs_not_ascending"
        /// The same rung twice.
        case duplicateRung = "duplicate_rung"
        /// 0, or above 2^62 units.
        case invalidPrice = "invalid_price"
        /// A target of 0.
        case invalidTarget = "invalid_target"
        /// None of net, path and tick.
        case invalidMode = "invalid_mode"
        /// A payoff of 0.
        case invalidPayoff = "invalid_payoff"
        /// The products' store is to be emptied without saying so.
        case cleaningNotConfirmed = "confirmation_missing"

        // Settlement
        /// No such option is known here.
        case optionNotFound = "option_not_found"
        /// The chain has not confirmed the option.
        case notConfirmed = "not_confirmed"
        /// The option's offer was never posted here, so its tokens are unknown.
        case offerUnknown = "offer_unknown"
        /// The option was paid out.
        case alreadySettled = "already_settled"
        /// The option has not expired.
        case notExpired = "not_expired"
        /// A put holds the stablecoin already.
        case putSettlesDirectly = "put_settles_directly"
        /// The option is worth nothing.
        case nothingToSettle = "nothing_to_settle"
        /// A token's decimals are not known.
        case decimalsUnknown = "decimals_unknown"
        /// No price that is fresh enough.
        case priceUnavailable = "price_unavailable"
        /// An amount of 2^256 or more would result.
        case amountOutOfRange = "amount_out_of_range"
        /// minBuyAmount is below the floor or above the sale value.
        case invalidMinBuyAmount = "invalid_min_buy_amount"
        /// validTo is too near, too far, or not after an earlier order's.
        case invalidValidTo = "invalid_valid_to"
        /// settlementConditionsHash is not that of the terms sent along.
        case conditionsMismatch = "conditions_mismatch"
        /// Nothing was initiated for the option.
        case notInitiated = "not_initiated"
        /// The holder has not approved.
        case notApproved = "not_approved"
        /// Other terms stand now.
        case termsChanged = "terms_changed"
        /// The proposal's validTo has passed, or is too near.
        case proposalExpired = "proposal_expired"
        /// The holder approved other terms.
        case alreadyApproved = "already_approved"
        /// The order is at CoW.
        case alreadySubmitted = "already_submitted"
        /// The last order failed; a new one must be initiated.
        case settlementFailed = "settlement_failed"
        /// An earlier order can still fill.
        case orderMayFill = "order_may_fill"
        /// The position is another's now.
        case holderChanged = "holder_changed"

        // Events of the chain
        /// An event that no contract of the protocol emits: a duration of 0 days, a fill of nothing.
        case garbledEvent = "garbled_event"
        /// No event of the protocol has this name.
        case unknownEvent = "unknown_event"
        /// More events than one request may hold.
        case tooManyEvents = "too_many_events"
    }
}
