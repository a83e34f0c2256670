using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace VizPipeline.ObjectStore;

/// <summary>Trusts the authority of a lab's own certificates.</summary>
public static class CertificateAuthority
{
    /// <summary>
    /// Creates a callback that trusts the system's authorities or, given a file, only the authorities in it; the host name must match
    /// either way.
    /// </summary>
    /// <param name="file">A PEM file; null for the system's authorities.</param>
    public static RemoteCertificateValidationCallback Validator(string? file) => (_, certificate, _, errors) =>
    {
        if (file is null)
            return errors == SslPolicyErrors.None;
        if (certificate is null || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != SslPolicyErrors.None)
            return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.ImportFromPemFile(file);
        return chain.Build(X509CertificateLoader.LoadCertificate(certificate.GetRawCertData()));
    };
}
