"""A QuickFIX acceptor for the test beside it: answers orders, and does what the test tells it on standard input.

Usage: acceptor.py PORT FOLDER RESET(Y|N). Prints one line an event.
"""
import sys
import quickfix as fix

DICTIONARY = "N"


def say(*words):
    print(*words, flush=True)


class Acceptor(fix.Application):
    def __init__(self):
        super().__init__()
        self.session = None
        self.executions = 0

    def onCreate(self, session):
        self.session = session

    def onLogon(self, session):
        say("logon")

    def onLogout(self, session):
        say("logout")

    def toAdmin(self, message, session):
        pass

    def toApp(self, message, session):
        pass

    def fromAdmin(self, message, session):
        kind = message.getHeader().getField(35)
        if kind == "A":
            say("credentials", message.getField(96) if message.isSetField(96) else "none")
        if kind in "34":
            say("admin", kind, message.toString().replace("\x01", "|"))

    def fromApp(self, message, session):
        kind = message.getHeader().getField(35)
        identity = message.getField(11)
        say("app", kind, identity)
        if kind == "D":
            self.report(identity, "0", 0)
        elif kind == "F":
            self.report(identity, "4", 0)

    def report(self, identity, status, shares):
        self.executions += 1
        message = fix.Message()
        message.getHeader().setField(fix.MsgType("8"))
        message.setField(fix.OrderID(identity))
        message.setField(fix.ClOrdID(identity))
        message.setField(fix.ExecID("Q%d" % self.executions))
        message.setField(fix.StringField(20, "0"))
        message.setField(fix.StringField(150, status))
        message.setField(fix.StringField(39, status))
        message.setField(fix.StringField(55, "BTCUSD"))
        message.setField(fix.StringField(54, "1"))
        message.setField(fix.StringField(38, "2"))
        message.setField(fix.StringField(32, str(shares)))
        message.setField(fix.StringField(31, "100"))
        message.setField(fix.StringField(14, str(shares)))
        message.setField(fix.StringField(151, "1"))
        message.setField(fix.StringField(6, "100"))
        fix.Session.sendToTarget(message, self.session)


def main():
    port, folder, reset = sys.argv[1:4]
    path = folder + "/acceptor.cfg"
    with open(path, "w") as file:
        file.write(
            "[DEFAULT]\nConnectionType=acceptor\nSocketAcceptPort=%s\nSocketReuseAddress=Y\nFileStorePath=%s/store\n"
            "StartTime=00:00:00\nEndTime=00:00:00\nHeartBtInt=30\nUseDataDictionary=%s\nResetOnLogon=N\nResetOnLogout=%s\n"
            "ResetOnDisconnect=%s\n[SESSION]\nBeginString=FIX.4.2\nSenderCompID=APIFINY\nTargetCompID=STA-00000001\n"
            % (port, folder, DICTIONARY, reset, reset)
        )
    application = Acceptor()
    settings = fix.SessionSettings(path)
    store = fix.FileStoreFactory(settings)
    acceptor = fix.SocketAcceptor(application, store, settings)
    acceptor.start()
    say("listening")
    for line in sys.stdin:
        words = line.split()
        session = fix.Session.lookupSession(application.session)
        if words[0] == "skip":
            # Numbers that nobody sent: the next message shows a gap.
            session.setNextSenderMsgSeqNum(session.getExpectedSenderNum() + int(words[1]))
        elif words[0] == "miss":
            # As if messages of the peer had been lost: it will be asked for them.
            session.setNextTargetMsgSeqNum(int(words[1]))
            say("missed")
        elif words[0] == "fill":
            application.report(words[1], "1", 1)
        elif words[0] == "numbers":
            say("numbers", session.getExpectedSenderNum(), session.getExpectedTargetNum())
        elif words[0] == "logout":
            session.logout("operator")
        elif words[0] == "end":
            break
    acceptor.stop(True)


main()
