using System.ComponentModel.DataAnnotations;
using System.Text.RegularExpressions;
using VizPipeline.Images;
using VizPipeline.ObjectStore;

namespace VizPipeline.ImageStore;

/// <summary>Opens the root of an image set: a folder's path, or <c>s3://BUCKET/PREFIX</c> on the server of the object store.</summary>
/// <param name="options">Settings of the server; null if there is none.</param>
/// <param name="archives">The cache for its archives.</param>
public sealed partial class ImageRoot(S3Options? options, ArchiveCache? archives)
{
    /// <summary>Opens the files of an image set.</summary>
    /// <exception cref="ImageSetException">The root is not a valid address, or no server is configured.</exception>
    public ImageFiles Open(string root)
    {
        if (!BucketAddress.IsBucket(root))
            return new ImageFiles(root);
        if (Address().Match(root) is not { Success: true } address
            || (address.Groups[2].Value is { Length: > 0 } prefix && !ImageFiles.IsSafe(prefix.TrimEnd('/'))))
            throw new ImageSetException($"image set '{root}' is no address like s3://bucket/prefix");
        if (options is null)
            throw new ImageSetException(
                $"image set '{root}' needs an S3 server: set ObjectStore__Endpoint, ObjectStore__AccessKey and ObjectStore__SecretKey");
        var there = new S3Options
        {
            Endpoint = options.Endpoint,
            Bucket = address.Groups[1].Value,
            Region = options.Region,
            AccessKey = options.AccessKey,
            SecretKey = options.SecretKey,
            CaFile = options.CaFile,
            PatienceSeconds = options.PatienceSeconds,
        };
        var faults = new List<ValidationResult>();
        if (!Validator.TryValidateObject(there, new ValidationContext(there), faults, validateAllProperties: true))
            throw new ImageSetException(
                $"image set '{root}' cannot be reached: {string.Join("; ", faults.Select(fault => fault.ErrorMessage))}");
        return new ImageFiles(new BucketImageFolder(there, address.Groups[2].Value, archives));
    }

    [GeneratedRegex(@"\A[sS]3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?\z")]
    private static partial Regex Address();
}
