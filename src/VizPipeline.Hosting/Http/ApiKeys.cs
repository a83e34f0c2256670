using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace VizPipeline.Hosting;

/// <summary>Requires an API key for every change, and for reading unless reading is open.</summary>
public sealed class ApiKeys
{
    /// <summary>The minimum length of a configured key.</summary>
    public const int ShortestKey = 16;

    /// <summary>
    /// The cookie of a browser whose user has entered a key. It grants read access and making lists of neurons, and the key cannot be
    /// derived from it.
    /// </summary>
    public const string Cookie = "viz-reading";

    private readonly byte[][] _digests;
    private readonly byte[][] _readDigests;
    private readonly byte[][] _passes;

    /// <summary>Reads the keys from the settings: a list, or a single value with one key per line, as in a mounted secret.</summary>
    /// <exception cref="StartupException">A key is too short.</exception>
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

    /// <summary>Whether reading needs no key.</summary>
    public bool IsReadingOpen { get; }

    /// <summary>Returns whether a request is allowed, with the reason if it is refused.</summary>
    /// <param name="request">The request.</param>
    /// <param name="onlyReads">Whether the request changes nothing, whatever its method.</param>
    /// <param name="refusal">The reason for the refusal.</param>
    public bool Allows(HttpRequest request, bool onlyReads, out string refusal)
    {
        ArgumentNullException.ThrowIfNull(request);
        refusal = "";
        var reads = onlyReads || HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);
        if (reads && (IsReadingOpen || HasPass(request)))
            return true;
        if (_digests.Length == 0 && !reads)
            refusal = "this server has no API keys (Http__ApiKeys__0), so nobody may change anything here";
        else if (KeyOf(request) is not { Length: > 0 } key)
            refusal = "an API key is needed: send it as X-Api-Key or Authorization: Bearer "
                + "(viz reads it from VIZ_API_KEY, and for an atlas from VIZ_ATLAS_KEY)";
        else if (!IsOneOf(reads ? _readDigests : _digests, Digest(key)))
            refusal = "the API key is not one of this server's";
        return refusal.Length == 0;
    }

    /// <summary>Whether there is any key, for changes or for reading.</summary>
    public bool HasKeys => _readDigests.Length > 0;

    /// <summary>Returns whether the request comes from somebody with a key, whether or not reading needs one.</summary>
    public bool KnowsReader(HttpRequest request) =>
        HasPass(request) || (KeyOf(request) is { Length: > 0 } key && IsOneOf(_readDigests, Digest(key)));

    /// <summary>Returns whether the request has a key that allows changes.</summary>
    public bool KnowsWriter(HttpRequest request) => KeyOf(request) is { Length: > 0 } key && IsOneOf(_digests, Digest(key));

    /// <summary>Returns whether the request comes from a browser whose user has entered a key.</summary>
    public bool HasPass(HttpRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return IsOneOf(_passes, BytesOf(request.Cookies[Cookie]));
    }

    /// <summary>Returns the value of <see cref="Cookie"/> for a key; null if the key is wrong.</summary>
    public string? PassFor(string key) => IsOneOf(_readDigests, Digest(key)) ? Convert.ToHexStringLower(PassOf(key)) : null;

    // All digests are compared and have the same length, so that the timing reveals nothing about the keys.
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
        return keys.All(key => key.Length >= ShortestKey) ? keys : throw new StartupException(
            $"Http:{name} has a key of fewer than {ShortestKey} characters; make one with `openssl rand -hex 24`");
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

/// <summary>Marks an endpoint that changes nothing although it does not use GET. It is open wherever reading is.</summary>
public sealed class OpenToAll;

/// <summary>Extension methods that check API keys before requests reach the endpoints.</summary>
public static class ApiKeysExtensions
{
    /// <summary>Requires a key for everything under <c>/api</c>.</summary>
    public static IApplicationBuilder UseApiKeys(this IApplicationBuilder app) => app.Use(async (context, next) =>
    {
        var keys = (ApiKeys)context.RequestServices.GetService(typeof(ApiKeys))!;
        if (context.Request.Path.StartsWithSegments("/api")
            && !keys.Allows(context.Request, context.GetEndpoint()?.Metadata.GetMetadata<OpenToAll>() is not null, out var refusal))
            await Results.Problem(refusal, statusCode: StatusCodes.Status401Unauthorized, title: "Not allowed").ExecuteAsync(context);
        else
            await next();
    });
}
