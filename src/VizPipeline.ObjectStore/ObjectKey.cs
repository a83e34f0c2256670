using System.Text.RegularExpressions;

namespace VizPipeline.ObjectStore;

/// <summary>What a key may look like, so that it is the same in a bucket and as a path below a folder.</summary>
public static partial class ObjectKey
{
    /// <summary>Refuses a key that is no relative path of segments of <c>A-Z a-z 0-9 . _ -</c>.</summary>
    /// <exception cref="ArgumentException">The key is empty, absolute, too long, climbs upwards or has other characters.</exception>
    public static void Check(string key)
    {
        if (!IsValid(key))
            throw new ArgumentException(
                $"'{key}' is not an object key: use segments of letters, digits, '.', '_' and '-' between single slashes, "
                + "without '.' or '..'");
    }

    /// <summary>Whether a key is one that <see cref="Check"/> lets pass.</summary>
    public static bool IsValid(string key)
        => key.Length <= 1024
        && Segments().IsMatch(key)
        && key.Split('/').All(segment => segment is not ("." or "..") && segment.Length <= 255);

    [GeneratedRegex(@"\A[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*\z")]
    private static partial Regex Segments();
}
