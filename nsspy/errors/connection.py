"""Messages of the area *connection*; see ``nsspy.errors``."""

from __future__ import annotations

from nsspy.errors import Level, Message

MESSAGES: tuple[Message, ...] = (
    # 500-549: requests on TLS connections and the demands of directories (access.c)
    Message(
        500,
        Level.INFO,
        "plain HTTP on the TLS port: port %u; the client used http:// for https://; it was answered with 400 and the"
        " https link, nothing need be done",
        cause="A client sent an HTTP request without TLS to a port that serves TLS by NSS.",
        outcome="It gets a 400 page with the https link; the connection is closed; no content is sent.",
        action="None. Correct the link or client that uses http:// for this port.",
        in_c=True,
    ),
    Message(
        501,
        Level.INFO,
        "request without a Host refused with 400: the handshake was for %s; an HTTP/1.0 client or a health check that"
        " sends SNI without a Host header; make it send Host, or set NSSSNI off in the virtual host",
        cause="The client named a host in the TLS handshake, but its request has no Host header to compare with it.",
        outcome="The request is answered with 400.",
        action="Make the client send a Host header, or set NSSSNI off in the virtual host that is to answer it.",
        in_c=True,
    ),
    Message(
        502,
        Level.INFO,
        "request for another virtual host refused with 421: Host %s (virtual host %s), but SNI %s (virtual host %s),"
        " and they differ in %s; a client that reuses one connection for both names, which it may repeat on a new one;"
        " give both virtual hosts the same NSS settings if this is to be allowed",
        cause="The request's virtual host has other TLS settings than the one that did the handshake.",
        outcome="The request is answered with 421; clients then open a new connection. Nothing of either virtual host"
        " is sent.",
        action="None, if clients come back by themselves. To allow it, give both virtual hosts the same NSS settings.",
        in_c=True,
    ),
    Message(
        503,
        Level.ERROR,
        "request for a virtual host without TLS refused with 421: Host %s (virtual host %s), SNI %s; NSSEngine is off"
        " there, or its certificate could not be opened at start; see the messages of the start, or set NSSEngine on",
        cause="The request came over TLS, but the virtual host it names has no TLS by NSS in this child.",
        outcome="The request is answered with 421.",
        action="Set NSSEngine on in that virtual host, or mend what the messages of the start say of it.",
        in_c=True,
    ),
    Message(
        504,
        Level.ERROR,
        "request without SNI refused with 403: Host %s; the client sent no usable name in the handshake and"
        " NSSStrictSNIVHostCheck is on; use a client that sends SNI, or set NSSStrictSNIVHostCheck off",
        cause="The address has several virtual hosts, one of the two concerned has NSSStrictSNIVHostCheck on, and the"
        " client named none in the TLS handshake (RFC 6066 section 3).",
        outcome="The request is answered with 403.",
        action="Use a client that sends SNI, or set NSSStrictSNIVHostCheck off.",
        in_c=True,
    ),
    Message(
        505,
        Level.ERROR,
        "request on a TLS connection that is not open refused with 403 (state %d); the handshake failed or the"
        " connection was closed meanwhile; see the lines before this one",
        cause="A request reached the access check although its TLS connection had failed or was closed.",
        outcome="The request is refused; the connection ends.",
        action="Read the error log's lines about the same connection. If there is none, report it.",
        in_c=True,
    ),
    Message(
        510,
        Level.ERROR,
        "access without TLS refused with 403: %s; NSSRequireSSL stands in its section; use https://, or take"
        " NSSRequireSSL away",
        cause="NSSRequireSSL demands TLS and the connection has none, of NSS or of another module.",
        outcome="The request is answered with 403.",
        action="Use https://, or take NSSRequireSSL out of the section.",
        in_c=True,
    ),
    Message(
        511,
        Level.ERROR,
        "access without a verified client certificate refused with 403: %s; NSSVerifyClient require stands in its"
        " section, and asking for a certificate after the handshake (renegotiation, post-handshake authentication) is"
        " not available yet; put NSSVerifyClient into the virtual host",
        cause="A section demands a client certificate. This version asks for one in the first handshake only.",
        outcome="The request is answered with 403; nothing of the section is reachable without a certificate.",
        action="Set NSSVerifyClient require or optional in the virtual host; the section's line may stay.",
        in_c=True,
    ),
    Message(
        512,
        Level.ERROR,
        "access refused with 403: %s; NSSRequire stands in its section and is not evaluated yet, so nobody is let in;"
        " use Require of mod_authz_core instead",
        cause="NSSRequire is parsed, but this version does not evaluate it.",
        outcome="The request is answered with 403.",
        action="Say the same by Require expr, Require ip and the like.",
        in_c=True,
    ),
    Message(
        513,
        Level.ERROR,
        "access refused with 403: %s; NSSCipherSuite stands in its section, and changing the cipher suites after the"
        " handshake is not available yet, so nobody is let in; put NSSCipherSuite into the virtual host",
        cause="A section demands cipher suites. This version chooses them in the first handshake only.",
        outcome="The request is answered with 403.",
        action="Set NSSCipherSuite in the virtual host and take it out of the section.",
        in_c=True,
    ),
    Message(
        514,
        Level.ERROR,
        "access refused with 403: %s; NSSOptions FakeBasicAuth is set there and is not available yet, so nobody is let"
        " in; take it away and use Basic authentication or Require",
        cause="NSSOptions FakeBasicAuth makes a user of the client certificate. This version cannot do that yet, and"
        " without it the password file would open to anybody who knows the fixed password.",
        outcome="The request is answered with 403.",
        action="Take FakeBasicAuth away.",
        in_c=True,
    ),
    Message(
        515,
        Level.ERROR,
        "access refused with 403: the variable %s of NSSUserName has no value for this client certificate: %s; a"
        " misspelt name, or a variable of the client certificate, which are not available yet; use another way to"
        " authenticate there",
        cause="NSSUserName names a variable that has no value although the client showed a certificate.",
        outcome="The request is answered with 403 where a user is required.",
        action="Correct the name of the variable, or use another way to authenticate.",
        in_c=True,
    ),
    Message(
        516,
        Level.ERROR,
        "access refused with 403: the variable %s of NSSUserName has a colon in its value: %s; a user name cannot have"
        " one; name another variable in NSSUserName",
        cause="A colon ends a user name in Basic credentials and in password files.",
        outcome="The request is answered with 403.",
        action="Name another variable in NSSUserName.",
        in_c=True,
    ),
    Message(
        517,
        Level.ERROR,
        "access on a connection that was not asked for a client certificate refused with 403: %s; NSSVerifyClient"
        " optional_no_ca stands in its section, and asking after the handshake (renegotiation, post-handshake"
        " authentication) is not available yet; put NSSVerifyClient into the virtual host",
        cause="A section wants client certificates of any kind. This version asks in the first handshake only.",
        outcome="The request is answered with 403.",
        action="Set NSSVerifyClient optional_no_ca in the virtual host; the section's line may stay.",
        in_c=True,
    ),
    # 550-699: handshakes and records (conn.c, failure.c)
    Message(
        550,
        Level.INFO,
        "TLS handshake failed: SNI %s, versions offered %s, alert sent %s, alert received %s; %s [%s %d]",
        cause="Client and server did not agree, the client did not accept the certificate, or it was no TLS client. The"
        " line names the likely one; the NSS error stands at its end.",
        outcome="The connection is closed after NSS's alert. Nothing is served on it.",
        action="What the line says. An alert received was the client's decision: look there.",
        in_c=True,
    ),
    Message(
        551,
        Level.INFO,
        "TLS connection broken off: SNI %s, versions offered %s, alert sent %s, alert received %s; %s [%s %d]",
        cause="A record could not be decrypted or was not allowed, or the client sent a fatal alert.",
        outcome="The connection is closed; not one byte more is read or written.",
        action="None for single ones. If one client shows it again and again, look for a middlebox or a broken client.",
        in_c=True,
    ),
    Message(
        552,
        Level.INFO,
        "%u further failed TLS connections or requests for other hosts were not logged: they came too fast in this"
        " child; LogLevel nss:debug shows them all",
        cause="A child writes at most ten lines in one second about connections that failed and requests for a host"
        " that is not the one of the handshake.",
        outcome="They failed like the ones that were logged.",
        action="Look for a scanner, or a change of certificate or protocols that many clients do not accept.",
        in_c=True,
    ),
    Message(
        553,
        Level.ERROR,
        "TLS connection refused: virtual host %s (%s:%u); %s; see what this child said of it when it started, mend"
        " it and restart gracefully",
        cause="The child could not open the virtual host's certificate, key or settings when it started.",
        outcome="Its clients get the alert internal_error. Other virtual hosts are served.",
        action="Look for the NSS messages of the same process id at its start.",
        in_c=True,
    ),
    Message(
        554,
        Level.INFO,
        "TLS session of another virtual host refused: SNI %s; the client resumed a session that was made under a"
        " virtual host with other TLS settings; clients then start anew, nothing need be done",
        cause="A TLS session belongs to the name it was made for (RFC 6066 section 3).",
        outcome="The connection is closed before anything is served.",
        action="None. If one client shows it again and again, make it keep sessions by name.",
        in_c=True,
    ),
    Message(
        555,
        Level.INFO,
        "TLS connection refused for want of a valid client certificate: %s; the session it resumed, or the handshake,"
        " does not have what NSSVerifyClient demands in this virtual host; let the client start a new session with a"
        " valid certificate",
        cause="A resumed session carries the certificate of its first handshake. It is verified again here, and may"
        " have expired or been revoked since, or come from a virtual host that verified less.",
        outcome="The connection is closed before anything is served.",
        action="Renew the client's certificate, or import the CA that issued it with trust flags T.",
        in_c=True,
    ),
    Message(
        556,
        Level.ERROR,
        "TLS connection dropped: NSPR made no descriptor for it; likely the memory is used up; lower MaxRequestWorkers"
        " or add memory [NSPR %d]",
        cause="NSPR could not allocate the layer between NSS and httpd.",
        outcome="The connection is closed.",
        action="Give the server more memory, or fewer workers.",
        in_c=True,
    ),
)
