using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace VizPipeline.Tests.Servers;

/// <summary>Adds TLS to a plain server, with a certificate for 127.0.0.1 from its own authority.</summary>
public sealed class TlsProxy : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly X509Certificate2 _certificate;
    private readonly int _target;
    private readonly bool _isPostgres;

    /// <param name="target">The plain server's port.</param>
    /// <param name="certificate">The server's certificate with its key.</param>
    /// <param name="isPostgres">Whether clients first request TLS in the PostgreSQL protocol.</param>
    public TlsProxy(int target, X509Certificate2 certificate, bool isPostgres = false)
    {
        (_target, _certificate, _isPostgres) = (target, certificate, isPostgres);
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Number of connections with a successful handshake.</summary>
    public int Secured { get; private set; }

    /// <summary>Creates an authority, writes it to a PEM file, and issues a certificate for 127.0.0.1.</summary>
    public static X509Certificate2 Issue(string caFile)
    {
        var (from, to) = (DateTimeOffset.UnixEpoch.AddYears(50), DateTimeOffset.UnixEpoch.AddYears(100));
        using var key = RSA.Create(2048);
        var authority = new CertificateRequest("CN=Lab authority", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        authority.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var root = authority.CreateSelfSigned(from, to);
        File.WriteAllText(caFile, root.ExportCertificatePem());
        using var serverKey = RSA.Create(2048);
        var server = new CertificateRequest("CN=server", serverKey, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        server.CertificateExtensions.Add(names.Build());
        using var signed = server.Create(root, from, to, [1, 2, 3, 4]);
        using var withKey = signed.CopyWithPrivateKey(serverKey);
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pfx), null);
    }

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await _listener.AcceptTcpClientAsync());
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Closed.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            using var _ = client;
            var plain = client.GetStream();
            if (_isPostgres)
            {
                // SSLRequest: a length of 8 and a code; the answer S means yes.
                await plain.ReadExactlyAsync(new byte[8]);
                await plain.WriteAsync("S"u8.ToArray());
            }
            using var secure = new SslStream(plain);
            await secure.AuthenticateAsServerAsync(_certificate);
            Secured++;
            using var server = new TcpClient();
            await server.ConnectAsync(IPAddress.Loopback, _target);
            await Task.WhenAny(secure.CopyToAsync(server.GetStream()), server.GetStream().CopyToAsync(secure));
        }
        catch (Exception failure) when (failure is IOException or SocketException or ObjectDisposedException
            or System.Security.Authentication.AuthenticationException)
        {
            // The client left, or does not trust the certificate.
        }
    }
}
