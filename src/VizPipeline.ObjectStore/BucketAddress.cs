namespace VizPipeline.ObjectStore;

/// <summary>Addresses of the form <c>s3://BUCKET/PREFIX</c>, on the server of the object store.</summary>
public static class BucketAddress
{
    /// <summary>The prefix of every address.</summary>
    public const string Scheme = "s3://";

    /// <summary>Returns whether the root of an image set is in a bucket.</summary>
    public static bool IsBucket(string root)
    {
        ArgumentNullException.ThrowIfNull(root);
        return root.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase);
    }
}
