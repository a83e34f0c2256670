using System.Text.RegularExpressions;

namespace VizPipeline.ObjectStore;

/// <summary>Restricts keys to those that work both in a bucket and as a path below a folder.</summary>
public static partial class ObjectKey
{
    /// <summary>Checks that a key is a relative path of segments of <c>A-Z a-z 0-9 . _ -</c>.</summary>
    /// <exception cref="ArgumentException">
    /// The key is empty, absolute or too long, refers to a parent folder, or has other characters.
    /// </exception>
    public static void Check(string key)
    {
        if (!IsValid(key))
            throw new ArgumentException(
                $"'{key}' is not an object key: use segments of letters, digits, '.', '_' and '-' between single slashes, "
                + "without '.' or '..'");
    }

    /// <summary>Returns whether <see cref="Check"/> accepts a key.</summary>
    public static bool IsValid(string key)
        => key.Length <= 1024
        && Segments().IsMatch(key)
        && key.Split('/').All(segment => segment is not ("." or "..") && segment.Length <= 255);

    [GeneratedRegex(@"\A[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*\z")]
    private static partial Regex Segments();
}
