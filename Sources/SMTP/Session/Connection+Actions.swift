internal import NIOCore
internal import NIOSSL

/// How a connection carries out what its conversation asks for.
extension Connection {
    func obey() {
        while let action = conversation.nextAction() {
            switch action {
            case .write(let bytes): context?.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
            case .transcript(let line): configuration.transcript?.write(line)
            case .startTLS: startTLS()
            case .askForToken: askForToken()
            case .derive(let derivation): derive(derivation)
            // A server that said goodbye in the same breath: what follows tells.
            case .ready where isClosed: continue
            case .ready:
                readySince = .now()
                wholeDeadline.clear()
                take(&connectCompletion)?(.success(()))
                owner?.connectionBecameReady(self)
            case .opened(let opened): take(&openCompletion)?(.success(opened))
            case .finished(let finished): completeTransaction(.success(finished))
            case .failed(let error): completeTransaction(.failure(error))
            case .close(let error): finishClosing(error)
            }
        }
        updateDeadline()
    }

    private func completeTransaction(_ result: Result<FinishedTransaction, SMTPError>) {
        readySince = .now()
        wholeDeadline.clear()
        if let completion = take(&finishCompletion) {
            if Self.isAnswer(result) { owner?.connection(self, answeredAfter: readySince - finishedAt) }
            if let next = take(&chainedCompletion) {
                openCompletion = next
                chainedSince = nil
                transactions += 1
                startWhole()
            }
            completion(result)
        } else if case .failure(let error) = result {
            closeError = closeError ?? (isClosed ? error : nil)
            if openCompletion == nil { lateFailure = (transactions, error) }
            failWritableWaiters(error)
            take(&openCompletion)?(.failure(error))
        }
        // Where a chained transaction has failed already, its own turn in the queue of actions is still to come.
        if isReady, openCompletion == nil { owner?.connectionBecameReady(self) }
    }

    /// Whether the server has said something of the content.
    private static func isAnswer(_ result: Result<FinishedTransaction, SMTPError>) -> Bool {
        switch result {
        case .success: true
        case .failure(let error): error.reply != nil
        }
    }

    private func finishClosing(_ error: SMTPError?) {
        let reason =
            error ?? SMTPError(.shutDown, stage: .quit, detail: "the session has ended; connect a new one")
        // An error of the message under way is more telling than the connection's end that it brought.
        closeError = closeError ?? reason
        failWritableWaiters(reason)
        take(&connectCompletion)?(.failure(reason))
        take(&openCompletion)?(.failure(reason))
        take(&finishCompletion)?(.failure(reason))
        take(&quitCompletion)?()
        tokenTask?.cancel()
        tokenTask = nil
        deadline.cancel()
        wholeDeadline.cancel()
        context?.close(promise: nil)
        owner?.connectionClosed(self, error: reason)
        owner = nil
        session = nil
    }

    private func failWritableWaiters(_ error: SMTPError) {
        let waiters = writableWaiters
        writableWaiters = []
        for waiter in waiters { waiter(.failure(error)) }
    }

    private func startTLS() {
        guard let context, let tls = configuration.security.context else {
            conversation.tlsFailed(TLSDiagnosis(.handshake, "TLS is not configured", advice: ""))
            obey()
            return
        }
        tlsBeganAt = .now()
        do {
            try context.pipeline.syncOperations.addHandler(
                Self.tlsHandler(tls, host: configuration.host), position: .first)
        } catch {
            conversation.tlsFailed(TLSDiagnosis(.handshake, "TLS could not be started: \(error)", advice: ""))
            obey()
        }
    }

    func takeTLSFacts(_ context: ChannelHandlerContext) {
        guard let handler = try? context.pipeline.syncOperations.handler(type: NIOSSLHandler.self) else { return }
        tlsFacts = SMTPTLSFacts(
            version: handler.tlsVersion.map(SMTPTLSFacts.name) ?? "unknown",
            peerCertificate: (try? handler.peerCertificate?.toDERBytes()) ?? [])
    }

    /// What SCRAM can be bound to. Wanted only where there is a password to prove.
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
                bound.value.obey()
            }
        }
    }

    private func askForToken() {
        guard case .token(let source)? = configuration.credentials?.secret else { return }
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let eventLoop = eventLoop
        tokenTask = Task {
            let token: String?
            var reason = ""
            do {
                token = try await source()
            } catch {
                token = nil
                // Only its type: whatever it says of itself may hold a secret.
                reason = String(describing: type(of: error))
            }
            let failure = reason
            eventLoop.execute {
                let connection = bound.value
                if let token {
                    connection.conversation.tokenArrived(token)
                } else {
                    connection.conversation.tokenFailed(failure)
                }
                connection.obey()
            }
        }
    }

    /// The TLS handler for a host. Names are sent in SNI and verified; an address is verified as such.
    static func tlsHandler(_ context: NIOSSLContext, host: String) throws -> NIOSSLClientHandler {
        let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
        return try NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : host)
    }
}
