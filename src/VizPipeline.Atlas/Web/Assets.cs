using System.Collections.Frozen;
using System.Security.Cryptography;

namespace VizPipeline.Web;

/// <summary>Scripts, styles and icons from inside the assembly. Their addresses carry a hash, so browsers may keep them for ever.</summary>
public static class Assets
{
    private const string Prefix = "web/";
    private static readonly FrozenDictionary<string, (byte[] Content, string Version)> Files = Load();

    /// <summary>All names.</summary>
    public static IEnumerable<string> Names => Files.Keys;

    /// <summary>A file's content; null for none of that name.</summary>
    public static byte[]? Find(string name) => Files.TryGetValue(name, out var file) ? file.Content : null;

    /// <summary>A hash of the content, 12 hex digits.</summary>
    public static string Version(string name) => Files[name].Version;

    /// <summary>The media type by extension.</summary>
    public static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".js" => "text/javascript; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".svg" => "image/svg+xml",
        _ => "application/octet-stream",
    };

    private static FrozenDictionary<string, (byte[], string)> Load()
    {
        var assembly = typeof(Assets).Assembly;
        return assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).ToFrozenDictionary(name => name[Prefix.Length..], name =>
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            var content = new byte[stream.Length];
            stream.ReadExactly(content);
            return (content, Convert.ToHexStringLower(SHA256.HashData(content))[..12]);
        });
    }
}
