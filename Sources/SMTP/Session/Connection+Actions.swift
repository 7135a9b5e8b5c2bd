internal import NIOCore
internal import NIOSSL

/// How a connection carries out what its conversation asks for.
extension Connection {
    func carryOut() {
        while let action = conversation.nextAction() {
            switch action {
            case .write(let bytes): context?.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
            case .transcript(let line): configuration.transcript?.write(line)
            case .startTLS: startTLS()
            case .askForToken: askForToken()
            case .tokenRefused(let reply): tokenRefused(reply)
            case .derive(let derivation): derive(derivation)
            // A server that said goodbye in the same breath: what follows tells.
            case .ready where !isReady: continue
            case .ready:
                wholeDeadline.clear()
                take(&connectCompletion)?(.success(()))
                if let postponed = take(&postponed) {
                    postponed()
                } else {
                    owner?.sessionBecameReady(identifier)
                }
            // A server that took its 354 back in the same breath: what follows tells.
            case .opened where !conversation.takesContent: continue
            case .opened(let opened): caller.takeOpening()?(.success(opened))
            case .finished(let finished): completeTransaction(.success(finished))
            case .failed(let error): completeTransaction(.failure(error))
            case .refused(let error): completeTransaction(.failure(error), isFree: false)
            case .leave(let error): release(error)
            case .close(let error): finishClosing(error)
            }
        }
        updateDeadline()
    }

    /// - Parameter isFree: whether the session can take the next transaction; otherwise the conversation says when.
    private func completeTransaction(_ result: Result<FinishedTransaction, SMTPError>, isFree: Bool = true) {
        wholeDeadline.clear()
        var finished: FinishCompletion?
        if case .finishing(let completion, let next) = caller {
            tellOwner(of: result)
            caller = next.map { .opening($0) } ?? .none
            if next != nil {
                transactions += 1
                startWhole()
            }
            finished = completion
        } else if case .failure(let error) = result {
            closeError = closeError ?? (isOver ? error : nil)
            failWritableWaiters(error)
            if let completion = caller.takeOpening() {
                completion(.failure(error))
            } else {
                lateFailure = (transactions, error)
            }
        }
        // Where a chained transaction has failed already, its own turn in the queue of actions is still to come.
        if isFree, isReady, case .none = caller { owner?.sessionBecameReady(identifier) }
        // Only now: what is sent next because of it finds the session free.
        finished?(result)
    }

    private func tellOwner(of result: Result<FinishedTransaction, SMTPError>) {
        switch result {
        case .success: owner?.sessionFinished(identifier, isTaken: true, isReply: true)
        case .failure(let error): owner?.sessionFinished(identifier, isTaken: false, isReply: error.reply != nil)
        }
    }

    private func finishClosing(_ error: SMTPError?) {
        release(error ?? SMTPError(.shutDown, stage: .quit, detail: "the session has ended; connect a new one"))
        take(&quitCompletion)?()
        deadline.cancel()
        let abandoned = candidates
        candidates = []
        for channel in abandoned { channel.close(promise: nil) }
        context?.close(promise: nil)
    }

    /// Tells everybody who waits for the session that it is of no more use. The connection may go on until the server has
    /// replied to QUIT.
    private func release(_ reason: SMTPError) {
        // An error of the message under way is more telling than the connection's end that it brought.
        closeError = closeError ?? reason
        failWritableWaiters(reason)
        take(&connectCompletion)?(.failure(reason))
        let waiting = caller
        caller = .none
        switch waiting {
        case .none: break
        case .opening(let completion): completion(.failure(reason))
        case .finishing(let completion, _): completion(.failure(reason))
        }
        take(&postponed)?()
        tokenCalls.cancel()
        wholeDeadline.cancel()
        owner?.sessionClosed(identifier, error: reason)
        owner = nil
    }

    private func failWritableWaiters(_ error: SMTPError) {
        let waiters = writableWaiters
        writableWaiters = []
        for waiter in waiters { waiter(.failure(error)) }
    }

    private func startTLS() {
        guard let context, let tls = configuration.security.context else {
            conversation.tlsFailed(TLSDiagnosis(.handshake, "TLS is not configured", advice: ""))
            carryOut()
            return
        }
        setUp.tlsBegan = .now()
        do {
            try context.pipeline.syncOperations.addHandler(
                Self.tlsHandler(tls, host: configuration.host), position: .first)
        } catch {
            conversation.tlsFailed(TLSDiagnosis(.handshake, "TLS could not be started: \(error)", advice: ""))
            carryOut()
        }
    }

    func takeTLSFacts(_ context: ChannelHandlerContext) {
        guard let handler = try? context.pipeline.syncOperations.handler(type: NIOSSLHandler.self) else { return }
        if configuration.security.verifiesCertificate, let name = ReferenceName(configuration.host),
            let certificate = handler.peerCertificate, !name.isNamed(in: certificate)
        {
            conversation.tlsFailed(.wrongHost(configuration.host))
            return
        }
        tlsFacts = SMTPTLSFacts(
            version: handler.tlsVersion.map(SMTPTLSFacts.name) ?? "unknown",
            peerCertificate: (try? handler.peerCertificate?.toDERBytes()) ?? [])
    }

    /// What SCRAM can be bound to. Wanted only if there is a password to prove.
    func serverEndPoint() -> [UInt8]? {
        guard case .password? = configuration.credentials?.secret, let tlsFacts else { return nil }
        return ServerEndPoint.hash(of: tlsFacts.peerCertificate)
    }

    private func derive(_ derivation: KeyDerivation) {
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let eventLoop = eventLoop
        Task.detached {
            derivation.run()
            eventLoop.execute {
                bound.value.conversation.derived()
                bound.value.carryOut()
            }
        }
    }

    private func askForToken() {
        guard case .token(let source, _)? = configuration.credentials?.secret else { return }
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let eventLoop = eventLoop
        tokenCalls.request = Task { [refusal = tokenCalls.refusal] in
            // The source has to know that its token is no good before it is asked for another one.
            await refusal?.value
            let result: Result<String, any Error>
            do {
                result = .success(try await source())
            } catch {
                result = .failure(error)
            }
            eventLoop.execute {
                let connection = bound.value
                switch result {
                case .success(let token):
                    connection.tokenCalls.token = token
                    connection.conversation.tokenArrived(token)
                case .failure(let failure as any AccessTokenFailure):
                    connection.conversation.tokenFailed(failure.explanation, isTemporary: failure.isTemporary)
                case .failure(let error):
                    // Only its type: whatever it says of itself may hold a secret.
                    connection.conversation.tokenFailed(
                        "the source of access tokens failed: \(type(of: error))", isTemporary: true)
                }
                connection.carryOut()
            }
        }
    }

    private func tokenRefused(_ reply: Reply) {
        guard case .token(_, let refused)? = configuration.credentials?.secret, let token = tokenCalls.token else {
            return
        }
        tokenCalls.refusal = Task { await refused(token, reply) }
    }

    /// The TLS handler for a host. Names are sent in SNI and verified; an address is verified as such.
    static func tlsHandler(_ context: NIOSSLContext, host: String) throws -> NIOSSLClientHandler {
        try NIOSSLClientHandler(context: context, serverHostname: ReferenceName(host)?.description)
    }
}
