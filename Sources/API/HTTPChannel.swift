import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// One connection: decoder, pipelining, the gate to the WebSocket, guard, compression, hot routes, and behind them
/// Hummingbird's router.
struct HTTPChannel: ServerChildChannel, HTTPChannelHandler {
    /// A connection, and what it turns out to speak.
    struct Value: ServerChildChannelValue {
        let channel: any Channel
        let spoken: EventLoopFuture<WebSocketGate.Spoken>
    }

    let responder: HTTPChannelHandler.Responder
    let book: BookRoutes
    let offers: OfferRoutes
    let limits: HTTPLimits
    let metrics: RequestMetrics
    let entrance: WebSocketEntrance
    let clients: ClientAddress

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let spoken = channel.eventLoop.makePromise(of: WebSocketGate.Spoken.self)
            let pipeline = channel.pipeline.syncOperations
            var decoderLimits = NIOHTTPDecoderLimitConfiguration()
            decoderLimits.maxHeaderFieldSize = limits.headerBytes
            decoderLimits.maxHeaderListSize = limits.headerBytes
            decoderLimits.maxHeaderFieldCount = limits.headerFields
            try pipeline.configureHTTPServerPipeline(
                withPipeliningAssistance: true, withErrorHandling: false, withOutboundHeaderValidation: true,
                withEncoderConfiguration: .init(), withDecoderLimitConfiguration: decoderLimits)
            let guarding = RequestGuard(limits: limits, metrics: metrics)
            try pipeline.addHandler(
                WebSocketGate(
                    entrance: entrance, clients: clients, guarding: guarding, spoken: spoken, addHTTP: addHTTP))
            try pipeline.addHandler(guarding)
            return Value(channel: channel, spoken: spoken.futureResult)
        }
    }

    private func addHTTP(_ channel: any Channel) throws -> NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart> {
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(ContentCoding.compressor())
        try pipeline.addHandler(HotRoutes(book: book, offers: offers, limits: limits))
        try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
        return try NIOAsyncChannel(
            wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
    }

    func handle(value: Value, logger: Logger) async {
        // A connection that ends before its first request speaks nothing.
        guard case .http(let http) = try? await value.spoken.get() else { return }
        await handleHTTP(asyncChannel: http, logger: logger)
    }
}
