using System.Collections.Frozen;
using System.Security.Cryptography;

namespace VizPipeline.Atlas.Web;

/// <summary>
/// Scripts, stylesheets and icons embedded in the assembly. Their addresses contain a hash, so browsers may cache them forever.
/// </summary>
public static class Assets
{
    private const string Prefix = "web/";
    private static readonly FrozenDictionary<string, (byte[] Content, string Version)> Files = Load();

    /// <summary>Returns the content of a file, or null if there is no file with that name.</summary>
    public static byte[]? Find(string name) => Files.TryGetValue(name, out var file) ? file.Content : null;

    /// <summary>Returns the hash of a file's content, 12 hexadecimal digits.</summary>
    public static string Version(string name) => Files[name].Version;

    /// <summary>Returns the media type for a file's extension.</summary>
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
        return assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .ToFrozenDictionary(name => name[Prefix.Length..], name =>
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            var content = new byte[stream.Length];
            stream.ReadExactly(content);
            return (content, Convert.ToHexStringLower(SHA256.HashData(content))[..12]);
        });
    }
}
