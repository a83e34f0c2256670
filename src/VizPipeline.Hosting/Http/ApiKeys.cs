using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace VizPipeline.Hosting;

/// <summary>Lets in who shows a key: for all that changes something, and for reading where that is not open.</summary>
public sealed class ApiKeys
{
    /// <summary>Shortest key that is accepted as a setting.</summary>
    public const int ShortestKey = 16;

    /// <summary>The cookie of a browser that has shown a key. It opens reading and nothing else, and the key cannot be found from it.</summary>
    public const string Cookie = "viz-reading";

    private readonly byte[][] _digests;
    private readonly byte[][] _readDigests;
    private readonly byte[][] _passes;

    /// <summary>The keys of the settings: a list, or one per line of a single value as a mounted secret has them.</summary>
    /// <exception cref="StartupException">A key is too short to be one.</exception>
    public ApiKeys(IOptions<HttpOptions> options, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(configuration);
        var keys = KeysOf("ApiKeys", options.Value.ApiKeys, configuration);
        string[] readers = [.. keys, .. KeysOf("ReadKeys", options.Value.ReadKeys, configuration)];
        _digests = [.. keys.Select(Digest)];
        _readDigests = [.. readers.Select(Digest)];
        _passes = [.. readers.Select(PassOf)];
        IsReadingOpen = options.Value.OpenReading;
    }

    /// <summary>Whether everybody may read.</summary>
    public bool IsReadingOpen { get; }

    /// <summary>Whether a request may pass, and if not, why.</summary>
    /// <param name="request">The request.</param>
    /// <param name="onlyReads">Whether it changes nothing, whatever its method.</param>
    /// <param name="refusal">Why not.</param>
    public bool Allows(HttpRequest request, bool onlyReads, out string refusal)
    {
        ArgumentNullException.ThrowIfNull(request);
        refusal = "";
        var reads = onlyReads || HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);
        if (reads && (IsReadingOpen || IsOneOf(_passes, BytesOf(request.Cookies[Cookie]))))
            return true;
        if (_digests.Length == 0 && !reads)
            refusal = "this server has no API keys (Http__ApiKeys__0), so nobody may change anything here";
        else if (KeyOf(request) is not { Length: > 0 } key)
            refusal = "an API key is needed: send it as X-Api-Key or Authorization: Bearer (viz reads it from VIZ_API_KEY, and for an atlas from VIZ_ATLAS_KEY)";
        else if (!IsOneOf(reads ? _readDigests : _digests, Digest(key)))
            refusal = "the API key is not one of this server's";
        return refusal.Length == 0;
    }

    /// <summary>The value of <see cref="Cookie"/> for who shows a key; null for a wrong one.</summary>
    public string? PassFor(string key) => IsOneOf(_readDigests, Digest(key)) ? Convert.ToHexStringLower(PassOf(key)) : null;

    // All digests are compared, and digests have one length, so that the time tells nothing about the keys.
    private static bool IsOneOf(byte[][] candidates, byte[] digest)
    {
        var known = false;
        foreach (var candidate in candidates)
            known |= CryptographicOperations.FixedTimeEquals(digest, candidate);
        return known;
    }

    private static string[] KeysOf(string name, IEnumerable<string> list, IConfiguration configuration)
    {
        var file = configuration[$"{HttpOptions.Section}:{name}"] ?? "";
        string[] keys = [.. list.Concat(file.Split('\n')).Select(key => key.Trim()).Where(key => key.Length > 0)];
        return keys.All(key => key.Length >= ShortestKey) ? keys : throw new StartupException($"Http:{name} has a key of fewer than {ShortestKey} characters; make one with `openssl rand -hex 24`");
    }

    private static byte[] PassOf(string key) => Digest($"reading {key}");

    private static byte[] BytesOf(string? hex)
    {
        try
        {
            return hex is { Length: 64 } ? Convert.FromHexString(hex) : [];
        }
        catch (FormatException)
        {
            return [];
        }
    }

    private static byte[] Digest(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    private static string? KeyOf(HttpRequest request)
    {
        const string Bearer = "Bearer ";
        if (request.Headers.TryGetValue("X-Api-Key", out var key))
            return key.ToString();
        var authorization = request.Headers.Authorization.ToString();
        return authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) ? authorization[Bearer.Length..].Trim() : null;
    }
}

/// <summary>On an endpoint that changes nothing though it is not read with GET: it is open wherever reading is.</summary>
public sealed class OpenToAll;

/// <summary>The keys before the endpoints.</summary>
public static class ApiKeysExtensions
{
    /// <summary>Asks for a key at everything below <c>/api</c>.</summary>
    public static IApplicationBuilder UseApiKeys(this IApplicationBuilder app) => app.Use(async (context, next) =>
    {
        var keys = (ApiKeys)context.RequestServices.GetService(typeof(ApiKeys))!;
        if (context.Request.Path.StartsWithSegments("/api") && !keys.Allows(context.Request, context.GetEndpoint()?.Metadata.GetMetadata<OpenToAll>() is not null, out var refusal))
            await Results.Problem(refusal, statusCode: StatusCodes.Status401Unauthorized, title: "Not allowed").ExecuteAsync(context);
        else
            await next();
    });
}
