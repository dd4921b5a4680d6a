fn main() -> std::process::ExitCode {
    dockline::cli::main().into()
}
