import Exchange
import Market
import NIOCore
import StrictJSON
import Synchronization

/// What a client asks for.
extension Connection {
    /// Reads a message and does what it says.
    func read(_ text: [UInt8]) {
        var requestID: String?
        do throws(Rejection) {
            let message = try ClientMessage(text, requestID: &requestID)
            switch message.request {
            case .subscribe(let name, let resume):
                try subscribe(to: name, from: resume, requestID: requestID)
            case .unsubscribe(let name): try unsubscribe(from: name, requestID: requestID)
            case .submitContract(let submission): try submit(submission, requestID: requestID)
            case .queryContract(let id): try query(id, requestID: requestID)
            case .ping: send(Frame.text(ServerMessage.pong(requestID: requestID)))
            }
        } catch {
            refuse(error, requestID: requestID)
        }
    }

    private func refuse(_ rejection: Rejection, requestID: String?) {
        refuse(rejection.code, rejection.detail, field: rejection.field, requestID: requestID)
    }

    // MARK: Subscriptions

    private func subscribe(
        to requested: String, from resume: ClientMessage.Resume?, requestID: String?
    ) throws(Rejection) {
        let name = try ChannelName(requested, tokens: shard.state.tokens)
        if resume != nil, !name.isBook {
            throw Rejection(
                .malformed, code: "invalid_message", field: "fromSeq",
                detail: "Only orderbook channels and offers can be replayed.")
        }
        // To subscribe again is to begin again.
        if let old = subscriptions.firstIndex(where: { $0.channel.name == name }) {
            shard.unsubscribe(subscriptions.remove(at: old))
        }
        let limit = shard.state.limits.subscriptions
        guard subscriptions.count < limit else {
            throw Rejection(
                .tooMany, code: "too_many_subscriptions", field: "channel",
                detail: "One connection may read \(limit) channels; unsubscribe from some, or open another.")
        }
        guard let outlet else { return }
        let subscription = shard.subscribe(self, outlet, to: name)
        subscriptions.append(subscription)
        send(
            Frame.text(
                ServerMessage.subscribed(subscription.channel.text, requested: requested, requestID: requestID)))
        begin(subscription, from: resume)
    }

    private func unsubscribe(from requested: String, requestID: String?) throws(Rejection) {
        let name = try ChannelName(requested, tokens: shard.state.tokens)
        guard let place = subscriptions.firstIndex(where: { $0.channel.name == name }) else {
            throw Rejection(
                .conflict, code: "not_subscribed", field: "channel", detail: "There is no such subscription.")
        }
        shard.unsubscribe(subscriptions.remove(at: place))
        send(Frame.text(ServerMessage.unsubscribed(name.text, requestID: requestID)))
    }

    /// Sends what a new reader of a channel begins with.
    private func begin(_ subscription: Shard.Subscription, from resume: ClientMessage.Resume?) {
        let state = shard.state
        switch subscription.channel.name {
        case .prices(let token):
            guard let tick = state.prices?.latest(token) else { return }
            subscription.position = UInt64(clamping: tick.asOfMillis)
            send(Frame.text(ServerMessage.price(subscription.channel.text, tick)))
        case .orderbook(let id):
            let book = state.books.book(id)
            begin(subscription, [book], BookStanding(seq: book.seq, hash: book.hash), from: resume)
        case .offers:
            let (books, standing) = state.books.all
            begin(subscription, books, standing, from: resume)
        case .contract(let id): beginContract(id)
        case .options, .settlement: beginPositions(subscription)
        }
    }

    private func begin(
        _ subscription: Shard.Subscription, _ books: [Book], _ standing: BookStanding,
        from resume: ClientMessage.Resume?
    ) {
        let channel = subscription.channel
        subscription.position = standing.seq
        if let resume {
            switch replay(channel.name, to: standing, from: resume) {
            case .stream(let stream, let last):
                subscription.position = last
                if last == standing.seq { note(standing, of: channel) }
                return send(stream)
            case .impossible(let reason):
                send(Frame.text(ServerMessage.resync(channel.text, reason: reason)))
            }
        }
        note(standing, of: channel)
        send(SnapshotStream(channel.name, epoch: shard.state.epoch, books, standing))
    }

    private func note(_ standing: BookStanding, of channel: Shard.Channel) {
        // What was not delivered on this loop yet is told to the others by its delta.
        if channel.subscriptions.count == 1 || channel.standing == nil { channel.standing = standing }
    }

    private enum Replay {
        /// The deltas through the position `last`; later ones come as they are published.
        case stream(ReplayStream, last: UInt64)
        case impossible(String)
    }

    private func replay(_ channel: ChannelName, to standing: BookStanding, from resume: ClientMessage.Resume) -> Replay
    {
        if let epoch = resume.epoch, epoch != shard.state.epoch { return .impossible("another epoch") }
        if resume.seq > standing.seq { return .impossible("in the future") }
        if resume.seq == standing.seq {
            return .stream(ReplayStream(channel, [], after: 0, through: 0), last: resume.seq)
        }
        guard let pieces = shard.state.recent.withLock({ $0.after(resume.seq) }) else { return .impossible("too old") }
        var last = resume.seq
        for piece in pieces {
            if let move = piece.move(of: channel), move.after.seq <= standing.seq { last = max(last, move.after.seq) }
        }
        return .stream(ReplayStream(channel, pieces, after: resume.seq, through: last), last: last)
    }

    // MARK: Options and settlements

    private func beginPositions(_ subscription: Shard.Subscription) {
        guard let follower = shard.state.positions else { return }
        // Nothing is for it until it has what it begins with.
        subscription.position = .max
        let name = subscription.channel.name
        let (bound, loop) = (NIOLoopBound(self, eventLoop: shard.loop), shard.loop)
        follower.begin(name) { beginning in
            loop.execute { bound.value.began(name, beginning) }
        }
    }

    private func began(_ name: ChannelName, _ beginning: PositionFollower.Beginning) {
        // Who subscribed again meanwhile has asked again, and has its answer from the first of both.
        guard let place = subscriptions.firstIndex(where: { $0.channel.name == name }),
            subscriptions[place].position == .max
        else { return }
        switch beginning {
        case .failure(let rejection):
            shard.unsubscribe(subscriptions.remove(at: place))
            refuse(rejection, requestID: nil)
        case .success(let (stream, position)):
            subscriptions[place].position = position
            send(stream)
        }
    }

    // MARK: Products

    private func desk() throws(Rejection) -> any ProductDesk {
        guard let desk = shard.state.products else {
            throw Rejection(
                .unavailable, code: "products_unavailable", field: nil, detail: "This service offers no products.")
        }
        return desk
    }

    private func submit(_ submission: JSONObject, requestID: String?) throws(Rejection) {
        let bound = NIOLoopBound(self, eventLoop: shard.loop)
        let loop = shard.loop
        try desk().submit(submission, by: Submitter(client: client, owner: nil)) { result in
            loop.execute { bound.value.submitted(result, requestID: requestID) }
        }
    }

    private func submitted(_ result: Result<AcceptedContract, Rejection>, requestID: String?) {
        switch result {
        case .failure(let rejection): refuse(rejection, requestID: requestID)
        case .success(let contract):
            send(Frame.text(ServerMessage.wrapped("contractAccepted", requestID: requestID, object: contract.json)))
            do throws(Rejection) {
                try subscribe(to: "contract:\(contract.contractID)", from: nil, requestID: nil)
            } catch {
                refuse(error, requestID: requestID)
            }
        }
    }

    private func query(_ id: String, requestID: String?) throws(Rejection) {
        let bound = NIOLoopBound(self, eventLoop: shard.loop)
        let loop = shard.loop
        try desk().query(id) { result in
            loop.execute { bound.value.queried(result, requestID: requestID) }
        }
    }

    private func queried(_ result: Result<ContractState, Rejection>, requestID: String?) {
        switch result {
        case .failure(let rejection): refuse(rejection, requestID: requestID)
        case .success(let state):
            send(Frame.text(ServerMessage.wrapped("contractUpdate", requestID: requestID, object: state.json)))
        }
    }

    /// The state as it is now, unless a newer one has been told meanwhile.
    private func beginContract(_ id: String) {
        let bound = NIOLoopBound(self, eventLoop: shard.loop)
        let loop = shard.loop
        guard let desk = shard.state.products else { return }
        desk.query(id) { result in
            loop.execute { bound.value.began(.contract(id), result) }
        }
    }

    private func began(_ name: ChannelName, _ result: Result<ContractState, Rejection>) {
        guard let place = subscriptions.firstIndex(where: { $0.channel.name == name }) else { return }
        switch result {
        case .failure(let rejection):
            shard.unsubscribe(subscriptions.remove(at: place))
            refuse(rejection, requestID: nil)
        case .success(let state):
            guard let publication = Publication(state), subscriptions[place].position < publication.position else {
                return
            }
            subscriptions[place].position = publication.position
            send(publication.frame)
        }
    }
}

extension Publication {
    /// A contract's state for its readers.
    init?(_ state: ContractState) {
        guard state.revision < .max else { return nil }
        let channel = ChannelName.contract(state.contractID)
        self.init(
            channel: channel, position: state.revision + 1,
            frame: Frame.text(
                ServerMessage.wrapped("contractUpdate", channel: channel.text, requestID: nil, object: state.json)))
    }
}
