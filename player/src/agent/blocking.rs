//! Work that blocks on the disk or the processor, and how errors are told.

/// Runs what blocks where it may.
pub(super) async fn blocking<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, BlockingError<E>>
where
    T: Send + 'static,
    E: std::error::Error + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(BlockingError::Failed),
        Err(error) => Err(BlockingError::Lost(error)),
    }
}

/// Why work on another thread gave nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum BlockingError<E: std::error::Error + 'static> {
    #[error(transparent)]
    Failed(E),
    #[error("the work was lost")]
    Lost(#[source] tokio::task::JoinError),
}

/// The value, or a line in the log.
pub(super) fn log<T, E: std::error::Error + 'static>(result: Result<T, E>, consequence: &str) -> Option<T> {
    result.map_err(|error| tracing::error!(error = &error as &dyn std::error::Error, "{consequence}")).ok()
}

/// An error with its causes.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
