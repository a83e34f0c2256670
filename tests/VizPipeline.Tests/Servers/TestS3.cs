using VizPipeline.ObjectStore;

namespace VizPipeline.Tests.Servers;

/// <summary>The S3 server for tests that do not disturb it.</summary>
public static class TestS3
{
    private static readonly TestServer Server = new("s3", "objects");
    private static readonly Lazy<Task> LimitedUser = new(() => Server.RunAsync(
        "admin", "user", "create", "--uid=limited", "--display-name=limited", "--access-key=limitedaccess",
        "--secret-key=limited-secret", "--max-buckets=-1"));

    private static int _count;

    /// <summary>Gets options for a new bucket, which is not created yet. Skips the test if the server is not installed.</summary>
    public static Task<S3Options> NewBucketAsync() => NewBucketAsync(Server);

    /// <inheritdoc cref="NewBucketAsync()"/>
    public static async Task<S3Options> NewBucketAsync(TestServer server)
    {
        await server.StartAsync();
        return new S3Options
        {
            Endpoint = $"http://127.0.0.1:{server.Port}",
            Bucket = $"bucket-{Interlocked.Increment(ref _count)}",
            AccessKey = "testaccess",
            SecretKey = "testing-secret",
            PatienceSeconds = 60,
        };
    }

    /// <summary>Gets such options for a user who may not create buckets.</summary>
    public static async Task<S3Options> NewLimitedUserAsync()
    {
        var options = await NewBucketAsync();
        await LimitedUser.Value;
        (options.AccessKey, options.SecretKey) = ("limitedaccess", "limited-secret");
        return options;
    }
}
